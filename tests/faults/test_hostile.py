"""The short form of `make faults`' case `hostile`: a few thousand records, one refresh."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.faults.hostile import culprits, lines_of, records, told
from tests.faults.hostile_kinds import KINDS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SOME = 2_000
WIDEST = [kind for kind in KINDS if kind.source.name in ("sales", "readings")]


@pytest.mark.slow
def test_hostile_records_cost_no_good_one_and_each_is_accounted_for(
    spark: SparkSession, tmp_path: Path
) -> None:
    assert told(spark, tmp_path, lines_of(SOME, 7, WIDEST)) == []


def test_the_same_seed_draws_the_same_lines_and_another_one_does_not() -> None:
    for kind in KINDS:
        lines = kind.hostile(100, seed=1)
        assert lines == kind.hostile(100, seed=1) and len(lines) == 100
        assert lines != kind.hostile(100, seed=2)


def test_a_line_ends_where_readers_of_text_end_it() -> None:
    raw = b"\xef\xbb\xbfa\r\nb\rc\n\n  \n\t\n\xe2\x80\xa8\x0bd\xff"
    assert records(raw) == [b"a", b"b", b"c", b"\t", b"\xe2\x80\xa8\x0bd\xff"]


@pytest.mark.parametrize(("bad", "blamed"), [("6", "6"), ("12", "0123"), ("07", "01234567")])
def test_the_fewest_lines_are_blamed_that_fail_together(bad: str, blamed: str) -> None:
    def fails(lines: Sequence[str]) -> bool:
        return {*bad} <= {*lines}

    assert culprits("01234567", fails) == blamed
