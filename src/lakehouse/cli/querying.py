"""`lakehouse sql`: a query over the tables of the lake, each under its own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.failing import cause_in_java, without_codes
from lakehouse.cli.asked import Asked, command, say
from lakehouse.cli.declared import Declared
from lakehouse.cli.options import Format
from lakehouse.cli.waiting import waiting
from lakehouse.lake.glance import not_filled, zoned
from lakehouse.terminal.rows import Rows, write

if TYPE_CHECKING:
    from pyspark.errors import PySparkException

    from lakehouse.lake import Lake

USUAL = 100
READING = ("select", "with", "from", "values", "table", "describe", "desc", "explain", "show")
CHANGING = ("insert", "overwrite", "merge", "update", "delete")

_SKIPPED = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL
)
_PART = r"(?:`[^`]+`|[A-Za-z_]\w*)"
_SOURCE = re.compile(rf"\b(?:from|join)\s+({_PART}(?:\s*\.\s*{_PART})*)", re.I)
_FIRST = re.compile(
    rf"^\s*(?:table|(?:describe|desc)(?:\s+(?:table|extended|history|detail))*)"
    rf"\s+({_PART}(?:\s*\.\s*{_PART})+)",
    re.I,
)
_DOTTED = re.compile(rf"(?<![\w`.])({_PART})\s*\.\s*({_PART})(?![\w`(])")
_NAMED = re.compile(rf"({_PART})\s*(?:\([^()]*\)\s*)?\bas\s*\(", re.I)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'lakehouse sql "SELECT tier, count(*) FROM gold.churn_scores GROUP BY tier"'
    command(app, "sql", example)(sql)


def sql(
    asked: Asked,
    query: Annotated[str, typer.Argument(help="Spark SQL that reads; - takes it from a pipe.")],
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Rows of a table on the screen.")
    ] = USUAL,
    output: Format = "table",
) -> None:
    """Ask the tables something in SQL. Every table goes by its name, such as ops.batches."""
    if query == "-":
        query = typer.get_text_stream("stdin").read()
    query = query.strip().rstrip(";").strip()
    only_reads(query)
    names = named(query, asked.declared)
    for name in names:
        if not asked.settings.lake.catalog and not asked.glance.exists(name):
            raise not_filled(name)
    lake = asked.lake
    with waiting("asking"):
        columns, values = _answer(
            lake, query, names, asked.declared.tables, limit + 1 if output == "table" else None
        )
        first = list(islice(values, 1))  # what fails, fails here: before a line is printed
    more = _after(first, values)
    if output != "table":
        write(Rows(columns, more), output)
        return
    count = write(Rows(columns, islice(more, limit)))
    if next(more, None) is not None:
        say(f"the first {count} rows; more with --limit, all with --output csv or json")
    elif not count:
        say("no row")


def only_reads(query: str) -> None:
    """Raise LakehouseError where a statement might change a table: the lake keeps accounts."""
    words = re.findall(r"\w+", _SKIPPED.sub(" ", query).lower())
    if not words:
        raise LakehouseError("there is no query", "sql", 'write one: lakehouse sql "SELECT ..."')
    changes = words[0] in ("with", "from") and any(word in CHANGING[:2] for word in words)
    if words[0] not in READING or changes:
        what = next((word for word in words if word in CHANGING), words[0])
        raise LakehouseError(
            f"{what.upper()} is not a query",
            "sql",
            "tables are read here; what changes them is declared in the project and run by a job",
        )


def named(query: str, declared: Declared) -> list[str]:
    """The tables a query names, each once. Raises LakehouseError with the nearest name for one
    that is not there."""
    text = _SKIPPED.sub(" ", query)
    pairs = [f"{_bare(layer)}.{_bare(table)}" for layer, table in _DOTTED.findall(text)]
    names = [name for name in pairs if name in declared.tables]
    layers = {table.layer for table in declared.tables.values()}
    short = {name.partition(".")[2] for name in declared.tables}
    own = {_bare(found) for found in _NAMED.findall(text)}
    for written in (*_FIRST.findall(text), *_SOURCE.findall(text)):
        parts = [_bare(part) for part in re.findall(_PART, written)]
        name = ".".join(parts)
        meant = parts[0] in layers if len(parts) > 1 else name in short and name not in own
        if meant and name not in declared.tables:
            raise unknown("table", name, declared.tables, "sql")
    return list(dict.fromkeys(names))


def _bare(part: str) -> str:
    return part.strip("`") if part.startswith("`") else part.lower()


def _answer(
    lake: Lake, query: str, names: Sequence[str], known: Iterable[str], limit: int | None
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Columns and rows; an error of the query becomes one sentence."""
    from pyspark.errors import PySparkException

    try:
        _register(lake, names)
        found = lake.spark.sql(query)
        if limit is not None:
            rows = iter(found.limit(limit).collect())
        else:
            rows = found.toLocalIterator(prefetchPartitions=True)
        return tuple(found.columns), _told(zoned(rows, found.schema))
    except PySparkException as error:
        raise _explained(error, known) from error


def _told(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    from py4j.protocol import Py4JJavaError

    try:
        yield from rows
    except Py4JJavaError as error:
        raise LakehouseError(cause_in_java(error) or "the query failed", "sql") from error


def _register(lake: Lake, names: Sequence[str]) -> None:
    """Let Spark know the tables of a query under their names."""
    if lake.place.catalog:
        lake.spark.sql(f"USE CATALOG `{lake.place.catalog}`")
        return
    for layer in dict.fromkeys(name.partition(".")[0] for name in names):
        lake.spark.sql(f"CREATE DATABASE IF NOT EXISTS `{layer}`")
    for name in names:
        lake.spark.catalog.createTable(name, path=lake.place.folder(name), source="delta")


def _explained(error: PySparkException, known: Iterable[str]) -> LakehouseError:
    """Spark's own sentence, without its codes, plan and pointers."""
    if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
        name = (error.getMessageParameters() or {}).get("relationName", "")
        return unknown("table", name.replace("`", ""), known, "sql")
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = without_codes(lines[0] if lines else type(error).__name__)
    at = re.search(r"line (\d+),? pos (\d+)", str(error))
    where = f"sql, line {at[1]}, sign {int(at[2]) + 1}" if at else "sql"
    return LakehouseError(said, where)


def _after(first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from first
    yield from rest
