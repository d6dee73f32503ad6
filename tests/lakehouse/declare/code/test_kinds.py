"""Each kind of code and value that a function may reach counts, and only what it reaches."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from tests.lakehouse.declare.code.small_shop import PAGES, Shop, changes

KINDS: dict[str, tuple[str, str, str]] = {
    "a closure": (
        "def make(n):\n    def inner(x):\n        return x + n\n    return inner\n"
        "transform = make({})",
        "1",
        "2",
    ),
    "a function in a closure": (
        "def one(x): return 1\ndef two(x): return 2\n"
        "def make(f):\n    return lambda x: f(x)\ntransform = make({})",
        "one",
        "two",
    ),
    "which of two lambdas": (
        "A, B = (lambda x: x + 1), (lambda x: x - 1)\nC = {}\ndef transform(x):\n    return C(x)",
        "A",
        "B",
    ),
    "one lambda for another": (
        "{}\ndef transform(x):\n    return first(x)\ndef more(x):\n    return second(x)",
        "first = lambda x: x + 1\nsecond = lambda x: x - 1",
        "second = lambda x: x + 1\nfirst = lambda x: x - 1",
    ),
    "one of several lambdas of a line": (
        "transform, more = (lambda x: x + {}), (lambda x: x)",
        "1",
        "2",
    ),
    "a keyword default": ("def transform(x, *, n={}):\n    return n", "1", "2"),
    "a default of a loop": (
        "made = []\nfor n in {}:\n    made.append(lambda x, n=n: x + n)\ntransform = made[0]",
        "(1, 2)",
        "(2, 2)",
    ),
    "an argument of a partial": (
        "from functools import partial\ndef add(x, n): return x + n\n"
        "transform = partial(add, n={})",
        "1",
        "2",
    ),
    "the function of a partial": (
        "from functools import partial\ndef add(x, n): return x {} n\n"
        "transform = partial(add, n=1)",
        "+",
        "-",
    ),
    "a partial of a library": (
        "from functools import partial, reduce\ndef add(x, n): return x {} n\n"
        "transform = partial(reduce, add)",
        "+",
        "-",
    ),
    "the instance of a bound method": (
        "class Add:\n    __slots__ = ('n',)\n    def __init__(self, n): self.n = n\n"
        "    def to(self, x): return x + self.n\ntransform = Add({}).to",
        "1",
        "2",
    ),
    "another method of the class": (
        "class Add:\n    def to(self, x): return self.by(x)\n    def by(self, x): return x + {}\n"
        "transform = Add().to",
        "1",
        "2",
    ),
    "the class of a static method": (
        "class Add:\n    n = {}\n    @staticmethod\n    def to(x): return x + Add.n\n"
        "transform = Add.to",
        "1",
        "2",
    ),
    "a cached function": (
        "from functools import lru_cache\n@lru_cache\ndef one(): return {}\n"
        "def transform(x): return one()",
        "1",
        "2",
    ),
    "an implementation of a generic function": (
        "from functools import singledispatch\n@singledispatch\ndef transform(x): return 0\n"
        "@transform.register\ndef _(x: int): return {}",
        "1",
        "2",
    ),
    "a decorator that hides the function": (
        "def logged(f):\n    return lambda x: f(x)\n@logged\ndef transform(x): return x + {}",
        "1",
        "2",
    ),
    "a decorator of a library that is a class": (
        "from functools import update_wrapper\n"
        "from types import SimpleNamespace\ndef one(x): return {}\n"
        "transform = update_wrapper(SimpleNamespace(), one)",
        "1",
        "2",
    ),
    "which definition was chosen": (
        "if {}:\n    def transform(x): return 1\nelse:\n    def transform(x): return 2",
        "True",
        "False",
    ),
    "the first of two of one name": (
        "def step(x): return {}\nfirst = step\ndef step(x): return 2\n"
        "def transform(x): return first(x), step(x)",
        "1",
        "3",
    ),
    "a set": ("N = {{1, {}}}\ndef transform(x): return N", "2", "3"),
    "an enumeration": (
        "from enum import Enum\nclass Color(Enum):\n    RED = {}\n"
        "C = Color.RED\ndef transform(x): return C",
        "1",
        "2",
    ),
    "an enumeration made by a call": (
        "from enum import Enum\nColor = Enum('Color', '{}')\ndef transform(x): return Color",
        "RED BLUE",
        "BLUE RED",
    ),
    "a named tuple": (
        "from collections import namedtuple\nP = namedtuple('P', '{}')\n"
        "def transform(x): return P(1, 2)",
        "a b",
        "b a",
    ),
    "a date": (
        "from datetime import date\nD = date(2020, 1, {})\ndef transform(x): return D",
        "1",
        "2",
    ),
    "a type of Spark": (
        "from pyspark.sql import types as T\nS = T.StructType([T.StructField('a', T.{}())])\n"
        "def transform(x): return S",
        "LongType",
        "StringType",
    ),
    "an alias of types": ("P = dict[str, {}]\ndef transform(x): return P", "int", "float"),
    "a value that cannot be read": (
        "from operator import itemgetter\nG = itemgetter({})\ndef transform(x): return G(x)",
        "1",
        "2",
    ),
    "what an unreadable value is given": (
        "from queue import Queue\nQ = Queue()\ndef one(): return 1\nQ.put({})\n"
        "def transform(x): return Q.get()",
        "one",
        "len",
    ),
    "the schema of a table that it names": (
        "from lakehouse import Table\nT = Table('gold.t', '{} INT')\n"
        "def transform(x): return x.select(*T.columns)",
        "a",
        "b",
    ),
    "a source": (
        "from lakehouse import Source\nS = Source('s', '{} STRING')\n"
        "def transform(x): return S.parse(x)",
        "a",
        "b",
    ),
    "an expectation": (
        "from lakehouse import Expectation\nE = Expectation('e', 'a > {}')\n"
        "def transform(x): return E.broken()",
        "1",
        "2",
    ),
    "a name of the builtins that is taken": (
        "{}\ndef transform(x): return len(x)",
        "",
        "def len(x): return 1",
    ),
    "a global that a comprehension reads first": (
        "x = [{}]\ndef transform(y): return [x for x in x]",
        "1",
        "2",
    ),
    "a global that a nested function changes": (
        "N = {}\ndef transform(x):\n    def inner():\n        global N\n        N += 1\n"
        "    return inner()",
        "1",
        "2",
    ),
    "a name of a module that is handed about": (
        "from shop import calendar\ndef transform(x): return getattr(calendar, 'unused')() + {}",
        "1",
        "2",
    ),
}


@pytest.mark.parametrize(("text", "old", "new"), KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_code_and_value_counts(shop: Shop, text: str, old: str, new: str) -> None:
    def code(held: str) -> dict[str, str]:
        return shop.code({**PAGES, "sales": text.format(held)})

    assert code(old) == code(old)
    assert code(old) != code(new)


NOT_READ: dict[str, tuple[str, str, str]] = {
    "a comprehension's variable": ("x = {}\ndef transform(y): return [x for x in y]", "1", "2"),
    "a parameter": ("x = {}\ndef transform(x): return x", "1", "2"),
    "a local": ("x = {}\ndef transform(y):\n    x = y\n    return x", "1", "2"),
    "a capture of a pattern": (
        "x = {}\ndef transform(y):\n    match y:\n        case [x, *_]:\n            return x",
        "1",
        "2",
    ),
    "how the files of a source are read": (
        "from lakehouse import Source\nS = Source('s', 'a STRING', encoding='UTF-{}')\n"
        "def transform(x): return S.parse(x)",
        "8",
        "16",
    ),
    "how another table is made": (
        "from lakehouse import Table\ndef other(x): return {}\n"
        "T = Table('gold.t', 'a INT', transform=other)\n"
        "def transform(x): return x.select(*T.columns)",
        "1",
        "2",
    ),
    "where the package lies": (
        "from pathlib import Path\nHERE = Path(__file__).parent / 'x'\nNAME = __file__  # {}\n"
        "def transform(x): return HERE, NAME, __file__",
        "1",
        "2",
    ),
    "what else the page of a logger says": (
        "import logging\nLOG = logging.getLogger(__name__)\ndef transform(x): LOG.info('x')\n"
        "def other(x): return {}",
        "1",
        "2",
    ),
    "what a property has computed": (
        "from functools import cached_property\nclass A:\n"
        "    @cached_property\n    def n(self): return 1\n"
        "a = A()\na.{}\ndef transform(x): return a",
        "__class__",
        "n",
    ),
}


@pytest.mark.parametrize(("text", "old", "new"), NOT_READ.values(), ids=NOT_READ.keys())
def test_what_a_function_does_not_read_is_no_change(
    shop: Shop, text: str, old: str, new: str
) -> None:
    first = shop.code({"sales": text.format(old)})
    assert first == shop.code({"sales": text.format(new)})
    assert "shop.sales.transform" in first


def test_a_udf_counts_by_its_function_and_return_type(shop: Shop, spark: SparkSession) -> None:
    text = """
    from pyspark.sql import functions as F
    from pyspark.sql.types import LongType, StringType

    def add(x): return x + {add}

    ADDED = F.udf(add, {type})

    @F.udf(LongType())
    def more(x): return x + {more}

    def transform(rows): return rows.select(ADDED("a"), more("a"))
    """

    def code(add: int = 1, type: str = "LongType()", more: int = 1) -> dict[str, str]:
        return shop.code({"sales": text.format(add=add, type=type, more=more)})

    assert changes(code(), code(add=2)) == {"shop.sales.add"}
    assert changes(code(), code(type="StringType()")) == {"shop.sales.ADDED"}
    assert changes(code(), code(type="'bigint'")) == {"shop.sales.ADDED"}
    assert changes(code(), code(more=2)) == {"shop.sales.more"}
