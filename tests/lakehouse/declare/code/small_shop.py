"""A package small enough to read, to edit and to import again."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from lakehouse.declare.code import code_of

Pages = dict[str, str]
"""The pages of a package by name, without the suffix."""

NUMBERS = count()


class Shop:
    """Writes packages called `shop`, one after the other, and reads them as a new process would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, pages: Pages) -> Path:
        root = self.folder / str(next(NUMBERS))
        for name, text in {"__init__": "", **pages}.items():
            page = root / "shop" / f"{name}.py"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(textwrap.dedent(text), encoding="utf-8")
        return root

    def load(self, pages: Pages) -> None:
        forget()
        sys.path[:] = [str(self.write(pages)), *(p for p in sys.path if str(self.folder) not in p)]
        importlib.invalidate_caches()

    def code(self, pages: Pages, name: str = "transform") -> dict[str, str]:
        """The code map of a name of the page `sales`."""
        self.load(pages)
        return code_of(getattr(importlib.import_module("shop.sales"), name))


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    """A shop that writes below a folder; what it imported is forgotten at the end."""
    path, dont_write = list(sys.path), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield Shop(folder)
    finally:
        sys.path[:], sys.dont_write_bytecode = path, dont_write
        forget()


def forget() -> None:
    for module in [each for each in sys.modules if each.partition(".")[0] == "shop"]:
        del sys.modules[module]


SALES = '''
"""Sales."""

from decimal import Decimal
import math as m
import re
from pyspark.sql import functions as F
from shop import calendar
from shop.calendar import ZONE, local_day
from shop.rules import Cleaner, Rule, double

LEAST = Decimal("0.50")
NAMES = {"a": "tea", "b": "milk"}
SHAPE = re.compile("[a-z]+")
RULES = (Rule("it is", 3), lambda x: x + 7)
TWICE = {"twice": double}
CLEANER = Cleaner(limit=9)


def transform(rows, least=LEAST):
    """One row a sale."""
    def inner(x):
        return x * 2

    kept = [inner(row) for row in rows if row > least and m.isfinite(row)]
    cleaned = CLEANER.clean(F.col("a"))
    return local_day(kept, ZONE), NAMES, RULES, SHAPE, TWICE["twice"](1), f"week {kept!r:>5}", (
        calendar.week_of(1) + -1.0
    ), cleaned


def other(rows):
    return rows
'''
CALENDAR = """
ZONE = "UTC"
FIRST = 4


def local_day(at, zone):
    return _shifted(at, zone)


def _shifted(at, zone):
    return at, zone, 1


def week_of(day):
    from shop.rules import seven

    return (day - FIRST) // seven() + (local_day(0, "") and week_of(day - 1))


def unused():
    return 0
"""
RULES = """
from dataclasses import dataclass
from functools import wraps


def logged(level):
    def decorator(function):
        @wraps(function)
        def wrapper(*args):
            return function(*args) or level
        return wrapper
    return decorator


@dataclass
class Rule:
    name: str
    limit: int


class Base:
    def trim(self, x):
        return x[:5]


class Cleaner(Base):
    most = 8

    def __init__(self, limit):
        self.limit = limit

    def clean(self, x):
        return self.trim(x)


@logged(level=11)
def double(x):
    return x + x


def seven():
    return 7
"""
PAGES = {"sales": SALES, "calendar": CALENDAR, "rules": RULES}


def edited(page: str, old: str, new: str) -> Pages:
    assert PAGES[page].count(old) == 1, f"{old!r} is not once in {page}"
    return {**PAGES, page: PAGES[page].replace(old, new)}


def changes(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}
