"""The code of the tables of the shop, and what changes it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from tests.checkout import ROOT
from tests.lakehouse.declare.code.small_shop import Shop

from lakehouse.declare import project
from lakehouse.declare.code import code_of
from lakehouse.declare.table import Table

TABLES = [table for table in project.load("retail").tables if table.transform is not None]


def test_a_library_counts_by_its_name_alone() -> None:
    transform = next(table for table in TABLES if table.layer == "bronze").transform
    assert transform is not None
    assert list(code_of(transform)) == ["lakehouse.declare.table.as_landed"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_of_the_shop_has_code_of_the_shop_alone(table: Table) -> None:
    assert table.transform is not None
    code = code_of(table.transform)
    assert code
    engine = {"lakehouse.declare.table.as_landed"} if table.layer == "bronze" else set()
    assert {name for name in code if not name.startswith("retail.")} == engine


def test_a_table_reaches_its_helpers_and_no_other_table() -> None:
    code = {table.name: set(code_of(table.transform)) for table in TABLES if table.transform}
    assert "retail.calendar.local_day" in code["silver.basket_lines"]
    assert "retail.bronze.baskets.SOURCE" in code["silver.basket_lines"]
    assert "retail.features.gaps._log_odds" in code["gold.household_weeks"]
    assert not any(name.startswith("retail.silver") for name in code["gold.household_weeks"])


GAPS = (ROOT / "src/retail/features/gaps.py").read_text(encoding="utf-8")
WEEKS = (ROOT / "src/retail/features/weeks.py").read_text(encoding="utf-8")


def mutations(name: str) -> Iterator[str]:
    """The page with one constant or operator of a function changed, once for each of them."""
    for number in count():
        tree = ast.parse(GAPS)
        function = next(
            each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name
        )
        changes = [change for node in ast.walk(function) if (change := mutation(node, function))]
        if number == len(changes):
            return
        changes[number]()
        yield ast.unparse(tree)


def mutation(node: ast.AST, function: ast.FunctionDef) -> Callable[[], None] | None:
    operators = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
    compared = {ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.Eq: ast.NotEq, ast.BitAnd: ast.BitOr}
    first = function.body[0]
    match node:
        case ast.Constant(value=str(text)):
            if isinstance(first, ast.Expr) and first.value is node:
                return None
            return lambda: setattr(node, "value", f"{text}_")
        case ast.Constant(value=int() | float() as number):
            return lambda: setattr(node, "value", number + 1)
        case ast.BinOp(op=op) if type(op) in operators | compared:
            return lambda: setattr(node, "op", (operators | compared)[type(op)]())
        case ast.Compare(ops=[op]) if type(op) in compared:
            return lambda: setattr(node, "ops", [compared[type(op)]()])
    return None


@pytest.mark.parametrize("name", ["past_quiet", "_quiet_odds"])
def test_any_constant_or_operator_counts_and_nothing_else_does(shop: Shop, name: str) -> None:
    weeks = WEEKS.replace("retail.", "shop.").replace("shop.features.", "shop.")

    def code(text: str) -> str:
        pages = {"sales": text.replace("retail.features.", "shop."), "weeks": weeks}
        calendar = (ROOT / "src/retail/calendar.py").read_text(encoding="utf-8")
        return shop.code({**pages, "calendar": calendar}, name)[f"shop.sales.{name}"]

    plain = code(GAPS)
    assert code(ast.unparse(ast.parse(GAPS))) == plain  # no comment, other layout and parentheses
    assert (
        code(GAPS.replace("\n    ", "\n\n    ").replace("    return ", "    # !\n    return "))
        == plain
    )
    mutants = list(mutations(name))
    assert len(mutants) >= 8
    digests = [code(mutant) for mutant in mutants]
    assert plain not in digests
    assert len(set(digests)) == len(digests)
