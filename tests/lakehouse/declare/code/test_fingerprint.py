"""What changes the fingerprint of a function, and what does not."""

from __future__ import annotations

import pytest
from tests.lakehouse.declare.code.small_shop import PAGES, Shop, changes, edited

SAME = {
    "a comment": ("sales", "    kept = [", "    # the kept ones\n    kept = ["),
    "a comment at the end of a line": ("sales", "x * 2", "x * 2  # twice"),
    "blank lines": ("sales", "    cleaned =", "\n\n    cleaned ="),
    "another docstring": ("sales", "One row a sale.", "One row for each sale."),
    "no docstring": ("sales", '    """One row a sale."""\n', ""),
    "a text that stands alone": (
        "calendar",
        "    return at, zone, 1",
        '    ""\n    return at, zone, 1',
    ),
    "the docstring of the page": ("sales", '"""Sales."""', '"""All of the sales."""'),
    "parentheses": ("sales", "x * 2", "(x * (2))"),
    "quotes": ("sales", 'F.col("a")', "F.col('a')"),
    "a text in two parts": ("calendar", '"UTC"', '"U" "TC"'),
    "an f-string in two parts": ("sales", 'f"week {kept!r:>5}"', '"we" f"ek {kept!r:>5}"'),
    "a line in two": (
        "sales",
        "return x * 2",
        "return (\n            x\n            * 2\n        )",
    ),
    "a function above it": (
        "sales",
        "def transform(",
        "def first():\n    return 1\n\n\ndef transform(",
    ),
    "a function that it does not call": ("sales", "    return rows\n", "    return rows[1:]\n"),
    "a function that nothing calls": ("calendar", "return 0", "return 1"),
    "an order of imports": (
        "sales",
        "import math as m\nimport re\n",
        "import re\nimport math as m\n",
    ),
    "a name that is not used": ("sales", "LEAST =", "MOST = 12\nLEAST ="),
    "a decorated one, moved": ("rules", "@logged(level=11)", "\n\n# it logs\n@logged(level=11)"),
}
"""A page, a text of it, and what stands there afterwards."""

DIFFERENT = {
    "an operator": ("sales", "row > least", "row >= least", "sales.transform"),
    "a number": ("sales", "x * 2", "x * 3", "sales.transform"),
    "the type of a number": ("sales", "+ -1.0", "+ -1", "sales.transform"),
    "a truth value for a number": ("sales", "x * 2", "x * True", "sales.transform"),
    "a default": ("sales", "least=LEAST", "least=LEAST + 1", "sales.transform"),
    "the format of an f-string": ("sales", ":>5}", ":>6}", "sales.transform"),
    "the conversion of an f-string": ("sales", "!r:", "!s:", "sales.transform"),
    "an annotation": ("sales", "def inner(x)", "def inner(x: int)", "sales.transform"),
    "a decorator": ("sales", "def transform(", "@staticmethod\ndef transform(", "sales.transform"),
    "what an alias stands for": (
        "sales",
        "import math as m",
        "import cmath as m",
        "sales.transform",
    ),
    "another alias of a module": (
        "sales",
        "from pyspark.sql import functions as F",
        "import pyspark.sql.types as F",
        "sales.transform",
    ),
    "a constant": ("sales", '"0.50"', '"0.51"', "sales.LEAST"),
    "a value of a dict": ("sales", '"milk"', '"salt"', "sales.NAMES"),
    "the order of a dict": (
        "sales",
        '"a": "tea", "b": "milk"',
        '"b": "milk", "a": "tea"',
        "sales.NAMES",
    ),
    "a pattern": ("sales", "[a-z]+", "[a-z]*", "sales.SHAPE"),
    "the flags of a pattern": ("sales", '"[a-z]+")', '"[a-z]+", re.I)', "sales.SHAPE"),
    "a field of a dataclass": ("sales", '"it is", 3', '"it is", 4', "sales.RULES"),
    "a lambda in a tuple": ("sales", "x + 7", "x + 8", "sales.RULES"),
    "the attribute of an instance": ("sales", "limit=9", "limit=10", "sales.CLEANER"),
    "an imported constant": ("calendar", '"UTC"', '"CET"', "calendar.ZONE"),
    "a helper of a helper": ("calendar", "zone, 1", "zone, 2", "calendar._shifted"),
    "a function of a module": ("calendar", "day - FIRST", "day + FIRST", "calendar.week_of"),
    "the constant of a module": ("calendar", "FIRST = 4", "FIRST = 5", "calendar.FIRST"),
    "what is imported in a function": ("rules", "return 7", "return 8", "rules.seven"),
    "a function in a dict": ("rules", "x + x", "x - x", "rules.double"),
    "the argument of a decorator": ("rules", "level=11", "level=12", "rules.double"),
    "the body of a decorator": ("rules", "or level", "and level", "rules.double"),
    "a method": ("rules", "self.trim(x)", "self.trim(x + 1)", "rules.Cleaner"),
    "an attribute of a class": ("rules", "most = 8", "most = 9", "rules.Cleaner"),
    "a method of a base": ("rules", "x[:5]", "x[:6]", "rules.Base"),
    "a class of a value": ("rules", "limit: int", "limit: int = 1", "rules.Rule"),
}
"""A page, a text of it, what stands there afterwards, and the name whose code has changed."""


BESIDE = {
    "sales.LEAST": ("shop.sales.transform",),  # as the value of its default
    "rules.double": ("shop.rules.logged",),  # which decorates it
}
"""Names whose code has that of another in it."""


def test_the_code_of_a_function_names_all_that_it_reaches(shop: Shop) -> None:
    assert list(shop.code(PAGES)) == [
        "shop.calendar.FIRST",
        "shop.calendar.ZONE",
        "shop.calendar._shifted",
        "shop.calendar.local_day",
        "shop.calendar.week_of",
        "shop.rules.Base",
        "shop.rules.Cleaner",
        "shop.rules.Rule",
        "shop.rules.double",
        "shop.rules.logged",
        "shop.rules.seven",
        "shop.sales.CLEANER",
        "shop.sales.LEAST",
        "shop.sales.NAMES",
        "shop.sales.RULES",
        "shop.sales.SHAPE",
        "shop.sales.TWICE",
        "shop.sales.transform",
    ]


@pytest.mark.parametrize(("page", "old", "new"), SAME.values(), ids=SAME.keys())
def test_layout_is_no_change(shop: Shop, page: str, old: str, new: str) -> None:
    assert shop.code(PAGES) == shop.code(edited(page, old, new))


@pytest.mark.parametrize(("page", "old", "new", "name"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_a_change_is_seen_where_it_is(shop: Shop, page: str, old: str, new: str, name: str) -> None:
    changed = changes(shop.code(PAGES), shop.code(edited(page, old, new)))
    assert f"shop.{name}" in changed
    assert changed <= {f"shop.{name}", *BESIDE.get(name, ())}


def test_a_function_that_is_called_in_a_circle_ends(shop: Shop) -> None:
    text = """
    def transform(x): return other(x)
    def other(x): return transform(x), HELD, rest
    HELD = [1]
    HELD.append(HELD)
    def make():
        def inner(x): return inner(x)
        return inner
    rest = make()
    """
    first = shop.code({"sales": text})
    assert list(first) == [f"shop.sales.{n}" for n in ("HELD", "other", "rest", "transform")]
    assert first == shop.code({"sales": text})
