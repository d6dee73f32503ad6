"""Pages that are changed in one place, and pages that are only written in another way."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import count


def rewritten(text: str) -> tuple[str, str]:
    """The page without its comments and in another layout; and with more lines and comments."""
    spread = re.sub(r"^( +)return ", r"\n\1# !\n\1return ", text, flags=re.MULTILINE)
    assert spread != text
    return ast.unparse(ast.parse(text)), spread


def mutants(text: str, name: str) -> Iterator[str]:
    """The page with one constant or operator of a function changed, once for each of them."""
    for number in count():
        tree = ast.parse(text)
        function = next(
            each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name
        )
        changes = [change for node in ast.walk(function) if (change := _mutation(node, function))]
        if number == len(changes):
            return
        changes[number]()
        yield ast.unparse(tree)


def _mutation(node: ast.AST, function: ast.FunctionDef) -> Callable[[], None] | None:
    operators = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
    compared = {
        ast.GtE: ast.Gt,
        ast.Gt: ast.GtE,
        ast.Lt: ast.LtE,
        ast.Eq: ast.NotEq,
        ast.BitAnd: ast.BitOr,
    }
    first = function.body[0]
    match node:
        case ast.Constant(value=str(words)):
            if isinstance(first, ast.Expr) and first.value is node:
                return None
            return lambda: setattr(node, "value", f"{words}_")
        case ast.Constant(value=int() | float() as number):
            return lambda: setattr(node, "value", number + 1)
        case ast.BinOp(op=op) if type(op) in operators | compared:
            return lambda: setattr(node, "op", (operators | compared)[type(op)]())
        case ast.Compare(ops=[op]) if type(op) in compared:
            return lambda: setattr(node, "ops", [compared[type(op)]()])
    return None
