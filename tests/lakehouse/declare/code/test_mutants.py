"""A function's code changes with each of its constants and operators."""

from __future__ import annotations

import pytest
from tests.lakehouse.declare.code.mutants import mutants, rewritten
from tests.lakehouse.declare.code.small_shop import PAGES, SALES, Shop

ODDS = '''
"""How odd it is that somebody stays away."""

import math

from pyspark.sql import functions as F

QUIET = 28


def odds(half_life):
    """Log odds of a quiet month."""
    mass = (1 - F.pow(F.lit(2.0), -F.col("tenure") / half_life)) * (half_life / math.log(2))
    expected = (F.col(f"weight_{half_life}") / 1024 + 0.2) / (mass + 2.8) * QUIET
    # A month in which somebody comes is not quiet.
    known = (F.col("weeks") >= 4) & (F.col("state") == "open")
    return F.when(known, -F.log(F.exp(expected) - 1))
'''


@pytest.mark.parametrize(("page", "name"), [(ODDS, "odds"), (SALES, "transform")])
def test_any_constant_or_operator_counts_and_nothing_else_does(
    shop: Shop, page: str, name: str
) -> None:
    def code(text: str) -> str:
        return shop.code({**PAGES, "sales": text}, name)[f"shop.sales.{name}"]

    plain = code(page)
    assert [code(text) for text in rewritten(page)] == [plain] * 2
    digests = [code(mutant) for mutant in mutants(page, name)]
    assert len(digests) >= 8
    assert len({plain, *digests}) == 1 + len(digests)
