"""What silver's rules let through, every transform can bear: rows go in, rows come out.

Each transform of the project is run on random rows of what it reads. Rows of silver are drawn from
their schema, extremes included, and those that break a rule of their table are left out; bronze
holds texts of any shape; gold is what the transforms make of the silver rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pyarrow.compute as pc
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType

from lakehouse import Events, Expectation, History, Rebuild, Source, Table
from lakehouse.declare import project
from lakehouse.declare.events import IS_LATE, Waiting
from lakehouse.declare.expectation import judge, passes
from lakehouse.declare.schema import struct
from lakehouse.declare.source import SENT
from lakehouse.declare.writes import DELETE_TIMES, EVENT_TIMES, IS_CURRENT, VALID_TO
from lakehouse.flow.windows import in_windows

TABLES = tuple(table for table in project.load("retail").tables if table.transform is not None)
EMPTY = 0
SEEDS = (EMPTY, 1, 2, 3)
"""The seed EMPTY stands for tables that hold no row."""

STEPS = 6
"""Weeks that ordinary rows spread over: labels know what is bought in the four weeks after one."""

DRAWN = 1200
"""Rows drawn for a table, before those that break a rule are left out."""

CONDITIONS = [rule.condition for table in TABLES for rule in table.expect]
RULES = " ".join([*CONDITIONS, *(table.where for table in TABLES if table.where)])
TEXTS = sorted(set(re.findall(r"'([^']*)'", RULES)))
DAYS = sorted(date.fromisoformat(text) for text in TEXTS if re.fullmatch(r"\d{4}-\d\d-\d\d", text))
NUMBERS = sorted({int(number) for number in re.findall(r"\b\d+\b", re.sub(r"'[^']*'", "", RULES))})
"""What the rules compare with: values around these tell rules apart."""

BEGINS = DAYS[0] if DAYS else date(2017, 1, 2)
DAY = timedelta(days=1)
EXTREME_DAYS = [date.min, date(1970, 1, 1), date.max, *(d + n * DAY for d in DAYS for n in (-1, 1))]
ODD_TEXTS = ["", " ", "0", "-1", "null", "é\u2028", '"', "\\", "a" * 999, "1e400", "NaN", "now"]
AROUND = [number + n for number in NUMBERS for n in (-1, 0, 1)]
INT = [-(2**31), 2**31 - 1, 0, -1, 2**12, 2**20, *AROUND]
BIGINT = [-(2**63), 2**63 - 1, 0, -1, 2**31, 2**32, 2**43, *INT]


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc)


def ordinary(kind: DataType, step: int, dice: Random) -> Any:
    """A value that is nothing special; values of one `step` go together, as a day and its week do.
    There are few, so that rows of different tables meet."""
    day = BEGINS + (7 * step + dice.randrange(7)) * DAY
    name = "decimal" if isinstance(kind, DecimalType) else kind.simpleString()
    return {
        "int": step + 1,
        "bigint": step + 1,
        "decimal": Decimal(step) / 4,
        "double": step / 4,
        "boolean": step > 1,
        "string": dice.choice([*TEXTS, "a", "b"]),
        "date": day,
        "timestamp": at(day, dice.randrange(24)),
    }[name]


def extreme(kind: DataType, dice: Random) -> Any:
    """NULL, the least or largest value of a type, 0 and -1, or one that a rule compares with."""
    name = "decimal" if isinstance(kind, DecimalType) else kind.simpleString()
    digits, scale = (kind.precision, kind.scale) if isinstance(kind, DecimalType) else (0, 0)
    most = Decimal(10**digits - 1)
    values = {
        "int": INT,
        "bigint": BIGINT,
        "decimal": [most.scaleb(-scale), -most.scaleb(-scale), Decimal(0), Decimal("-0.01")],
        "double": [-1e308, 1e308, float("nan"), float("inf")],
        "boolean": [True],
        "string": ODD_TEXTS,
        "date": EXTREME_DAYS,
        "timestamp": [at(day, 0) for day in EXTREME_DAYS],
    }[name]
    return dice.choice((None, dice.choice(values[:4]), dice.choice(values)))


def drawn(spark: SparkSession, schema: str, dice: Random, texts: Sequence[str] = ()) -> DataFrame:
    """Random rows of a schema; a column `record` holds one of `texts`.

    Most rows have one extreme value: with more of them few rows would pass their rules.
    """
    fields = struct(schema).fields

    def row() -> tuple[Any, ...]:
        one = {dice.choice(fields).name}
        some = {field.name for field in fields if dice.random() < 0.3}
        odd, step = dice.choice((set(), one, one, some)), dice.randrange(STEPS)
        values = []
        for field in fields:
            its = step if dice.random() < 0.7 else dice.randrange(STEPS)
            if field.name == "record" and texts:
                values.append(dice.choice(texts))
            elif field.name == SENT:
                values.append(None)
            elif field.name in odd:
                values.append(extreme(field.dataType, dice))
            else:
                values.append(ordinary(field.dataType, its, dice))
        return tuple(values)

    return spark.createDataFrame([row() for _ in range(DRAWN)], schema)


FAR_TIMES = ["0001-01-01", "+294247-01-10T04:00:54Z", "-290308-12-21T19:59:06Z", "9999-12-31T23Z"]
SCALARS = [None, True, 0, 1, -1, 2**70, 0.5, -1e400, [], {}, [1], {"a": {"b": 1}}]
SCALARS += [*ODD_TEXTS, *FAR_TIMES, "+99999999-01-01", "1", "2", "3.25", "2017-01-02T08:00:00Z"]
SHAPES = ["", " ", "{", "{}", "[]", "[{}]", "null", "1", '"text"', '{"a":', "{'a': 1}", "é", "\x00"]


def records(source: Source, dice: Random) -> list[str]:
    """JSON lines of a source, and texts of any other shape."""

    def record() -> str:
        names = [name for name in source.fields if dice.random() > 0.1]
        text = json.dumps({name: dice.choice(SCALARS) for name in names})
        return text[: dice.randrange(len(text))] if dice.random() < 0.1 else text

    return [*SHAPES, *(record() for _ in range(DRAWN))]


def in_contract(rows: DataFrame, table: Table) -> DataFrame:
    """The rows as a table takes them: its columns, cast to its types."""
    return rows.select(*(F.col(field.name).cast(field.dataType) for field in table.struct))


@cache
def held(spark: SparkSession, table: Table, seed: int) -> DataFrame:
    """What a silver or gold table may hold: drawn or made from what it reads, all computed."""
    if table.layer == "silver":
        rows = drawn(spark, table.schema, Random(f"{table.name} {seed}"))
        return made(rows.limit(0 if seed == EMPTY else DRAWN), table)
    assert table.transform is not None
    return made(table.transform(*(read_by(spark, table, seed))), table)


def made(rows: DataFrame, table: Table) -> DataFrame:
    """The passing rows, computed to the last one. No DOUBLE among them is NaN or infinite."""
    rules = table.rules if isinstance(table.write, Events) else table.expect
    judged = judge(in_contract(rows, table), rules, table.where)
    arrow = judged.where(passes()).select(*table.columns).toArrow()
    for field in table.struct:
        if field.dataType.simpleString() == "double":
            values = arrow.column(field.name).drop_null()
            odd = arrow.num_rows and not pc.all(pc.is_finite(values), min_count=0).as_py()
            assert not odd, f"{table.name}.{field.name} is no finite number"
    return rows.sparkSession.createDataFrame(arrow, table.schema)


def as_read(rows: DataFrame, read: Table, table: Table) -> DataFrame:
    """The rows of a table as another reads them: with what its way of writing adds, in the windows
    that the other waits for. Every third version of a thing is a closed one."""
    match read.write:
        case History(sequence_by=at):
            is_closed = F.monotonically_increasing_id() % 3 == 0
            until = F.when(is_closed, F.expr(f"timestampadd(DAY, 1, {at})"))
            added = {VALID_TO: until, IS_CURRENT: ~is_closed, EVENT_TIMES: F.array(at)}
            rows = rows.withColumns({**added, DELETE_TIMES: F.array().cast("array<timestamp>")})
        case Events(at=at):
            rows = rows.withColumn(IS_LATE, F.lit(False))
            if isinstance(table.write, Waiting):
                (rows,) = in_windows([rows], [at], table.write)
    return rows


def read_by(spark: SparkSession, table: Table, seed: int) -> list[DataFrame]:
    """A frame for each read of a table."""
    frames = []
    for read in table.reads:
        if isinstance(read, Table) and read.layer != "bronze":
            frames.append(as_read(held(spark, read, seed), read, table))
            continue
        source = read if isinstance(read, Source) else read.reads[0]
        assert isinstance(source, Source)
        dice = Random(f"{source.name} {seed}")
        rows = drawn(spark, source.landed_schema, dice, records(source, dice))
        frames.append(rows.limit(0 if seed == EMPTY else DRAWN))
    return frames


def run(spark: SparkSession, table: Table, seed: int) -> None:
    """Computes every row that a table's transform makes. Raises what it raises."""
    if table.layer == "gold":
        rows = held(spark, table, seed)
        assert seed == EMPTY or not rows.isEmpty(), f"{table.name}: no row was tried"
        return
    assert table.transform is not None
    rows = in_contract(table.transform(*read_by(spark, table, seed)), table)
    rows = judge(rows, table.expect, table.where)
    rows.write.format("noop").mode("overwrite").save()


def test_every_table_with_a_transform_is_tried() -> None:
    assert len(TABLES) >= 20
    assert {table.layer for table in TABLES} == {"bronze", "silver", "gold"}


@pytest.mark.parametrize(
    ("table", "seed"),
    [(table, seed) for table in TABLES for seed in (SEEDS if table.layer == "gold" else SEEDS[:2])],
    ids=lambda each: each.name if isinstance(each, Table) else str(each),
)
def test_rows_that_pass_the_rules_give_rows(spark: SparkSession, table: Table, seed: int) -> None:
    run(spark, table, seed)


@pytest.mark.parametrize(
    "planted",
    [
        lambda lines: lines.selectExpr("week", "quantity / (week - 2) AS odd"),
        lambda lines: lines.selectExpr("week", "CAST(basket_id AS INT) AS odd"),
        lambda lines: lines.selectExpr("week", "pow(2D, basket_id) AS odd"),
    ],
    ids=["a division", "a cast", "infinity"],
)
def test_a_transform_that_cannot_bear_a_row_is_seen(
    spark: SparkSession, planted: Callable[[DataFrame], DataFrame]
) -> None:
    lines = next(table for table in TABLES if table.name == "silver.basket_lines")
    any_row = Expectation("any row", "true")
    odd = Table(
        "gold.odd", "week INT, odd DOUBLE", (lines,), planted, (any_row,), write=Rebuild("week")
    )
    with pytest.raises((PySparkException, AssertionError)):
        run(spark, odd, seed=1)
