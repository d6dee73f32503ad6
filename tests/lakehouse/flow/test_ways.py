"""What waits for what."""

from __future__ import annotations

from lakehouse.flow.ways import above, longest_way

FOLLOWS = {
    "bronze.sales": (),
    "silver.sales": ("bronze.sales",),
    "gold.days": ("silver.sales",),
    "gold.weeks": ("gold.days", "silver.sales"),
    "gold.foreign": ("silver.of_another_job",),
}


def test_the_longest_way_is_that_of_the_dearest_row() -> None:
    cost = dict.fromkeys(FOLLOWS, 1.0) | {"gold.days": 0.5, "gold.weeks": 7.0}
    assert longest_way(FOLLOWS, cost) == {
        "bronze.sales": 9.5,
        "silver.sales": 8.5,
        "gold.days": 7.5,
        "gold.weeks": 7.0,
        "gold.foreign": 1.0,
    }


def test_what_a_table_is_made_of_is_told_at_any_distance() -> None:
    assert above(FOLLOWS) == {
        "bronze.sales": frozenset(),
        "silver.sales": {"bronze.sales"},
        "gold.days": {"bronze.sales", "silver.sales"},
        "gold.weeks": {"bronze.sales", "silver.sales", "gold.days"},
        "gold.foreign": {"silver.of_another_job"},
    }
