"""An error says what, where and what to do, and knows the nearest name."""

import pytest

from lakehouse.base.errors import LakehouseError, did_you_mean, nearest, unknown

TABLES = ("silver.baskets", "gold.churn_scores", "gold.daily_sales")


def test_an_error_reads_as_sentences():
    error = LakehouseError("unknown key 'heep'", "conf/base.yml", "Did you mean 'heap'?")

    assert str(error) == "conf/base.yml: unknown key 'heep'. Did you mean 'heap'?"
    assert (error.what, error.where, error.todo) == error.args


def test_advice_begins_with_a_capital_and_a_command_can_be_copied():
    error = LakehouseError("table gold.sales is empty", todo="fill it with: lakehouse run")

    assert str(error) == "table gold.sales is empty. Fill it with: lakehouse run"


def test_an_error_without_place_or_advice_is_one_sentence():
    assert str(LakehouseError("no Java found")) == "no Java found."


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("gold.chrun_scores", "gold.churn_scores"),
        ("GOLD.CHURN_SCORES", "gold.churn_scores"),
        ("churn_scores", "gold.churn_scores"),
        ("gold.da", "gold.daily_sales"),
        ("elephant", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found(name, near):
    assert nearest(name, TABLES) == near


def test_an_unlike_name_gets_the_list_of_what_there_is():
    assert did_you_mean("elephant", ["b", "a"]) == "Known: a, b."


def test_an_unknown_name_says_what_it_should_have_been():
    assert str(unknown("table", "gold.dayly_sales", TABLES)) == (
        "unknown table 'gold.dayly_sales'. Did you mean 'gold.daily_sales'?"
    )
