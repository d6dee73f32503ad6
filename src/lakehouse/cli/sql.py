"""`lakehouse sql`: a query over the tables of the lake, each under its own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.failing import cause_in_java, without_codes
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format
from lakehouse.cli.project_index import ProjectIndex
from lakehouse.cli.spinner import spinner
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows

if TYPE_CHECKING:
    from pyspark.errors import PySparkException

    from lakehouse.lake import Lake

LIMIT = 100
READING = ("select", "with", "from", "values", "table", "describe", "desc", "explain", "show")
CHANGING = ("insert", "overwrite", "merge", "update", "delete")

# Parts of a query, as far as they tell which tables it names.
_NOT_CODE = re.compile(  # texts and comments
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL
)
_PART = r"(?:`[^`]+`|[A-Za-z_]\w*)"
_AFTER_FROM = re.compile(rf"\b(?:from|join)\s+({_PART}(?:\s*\.\s*{_PART})*)", re.I)
_AFTER_DESCRIBE = re.compile(  # or after TABLE
    rf"^\s*(?:table|(?:describe|desc)(?:\s+(?:table|extended|history|detail))*)"
    rf"\s+({_PART}(?:\s*\.\s*{_PART})+)",
    re.I,
)
_WITH_LAYER = re.compile(rf"(?<![\w`.])({_PART})\s*\.\s*({_PART})(?![\w`(])")
_OWN_NAME = re.compile(rf"({_PART})\s*(?:\([^()]*\)\s*)?\bas\s*\(", re.I)  # WITH name AS (...)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'lakehouse sql "SELECT tier, count(*) FROM gold.churn_scores GROUP BY tier"'
    command(app, "sql", example)(sql)


def sql(
    invocation: Invocation,
    query: Annotated[str, typer.Argument(help="Spark SQL that reads; - takes it from a pipe.")],
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Rows of a table on the screen.")
    ] = LIMIT,
    output: Format = "table",
) -> None:
    """Ask the tables something in SQL. Every table goes by its name, such as ops.batches."""
    if query == "-":
        query = typer.get_text_stream("stdin").read()
    query = query.strip().rstrip(";").strip()
    only_reads(query)
    from lakehouse.lake.glance import not_filled

    for name in tables_in(query, invocation.index):
        if not invocation.settings.lake.catalog and not invocation.glance.exists(name):
            raise not_filled(name)
    lake = invocation.lake
    with spinner("running the query"):
        most = limit + 1 if output == "table" else None
        columns, rows = _answer(lake, query, invocation.index.tables, most)
        first = list(islice(rows, 1))  # what fails, fails here: before a line is printed
    rows = chain(first, rows)
    if output != "table":
        write(Rows(columns, rows), output)
        return
    count = write(Rows(columns, islice(rows, limit)))
    if next(rows, None) is not None:
        say(f"the first {count} rows; more with --limit, all with --output csv or json")
    elif not count:
        say("no row")


def only_reads(query: str) -> None:
    """Raise LakehouseError where a statement might change a table: the lake keeps accounts."""
    words = re.findall(r"\w+", _NOT_CODE.sub(" ", query).lower())
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


def tables_in(query: str, index: ProjectIndex) -> list[str]:
    """The tables a query names, each once.

    Raises LakehouseError with the nearest name for a table that is not there.
    """
    text = _NOT_CODE.sub(" ", query)
    dotted = [f"{_bare(layer)}.{_bare(table)}" for layer, table in _WITH_LAYER.findall(text)]
    layers = {table.layer for table in index.tables.values()}
    without_layer = {name.partition(".")[2] for name in index.tables}
    own = {_bare(name) for name in _OWN_NAME.findall(text)}
    for source in (*_AFTER_DESCRIBE.findall(text), *_AFTER_FROM.findall(text)):
        parts = [_bare(part) for part in re.findall(_PART, source)]
        name = ".".join(parts)
        if len(parts) > 1:
            is_table = parts[0] in layers
        else:
            is_table = name in without_layer and name not in own
        if is_table and name not in index.tables:
            raise unknown("table", name, index.tables, "sql")
    return [name for name in dict.fromkeys(dotted) if name in index.tables]


def _bare(part: str) -> str:
    return part.strip("`") if part.startswith("`") else part.lower()


def _answer(
    lake: Lake, query: str, known: Iterable[str], limit: int | None
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Columns and rows of a query, at most `limit` (None: all); an error becomes one sentence."""
    from pyspark.errors import PySparkException

    from lakehouse.lake.values import zoned
    from lakehouse.run.task.table_names import TableNames

    try:
        TableNames(lake.settings).register(lake.spark, query)
        frame = lake.spark.sql(query)
        if limit is not None:
            rows = iter(frame.limit(limit).collect())
        else:
            rows = frame.toLocalIterator(prefetchPartitions=True)
        return tuple(frame.columns), _with_plain_errors(zoned(rows, frame.schema))
    except PySparkException as error:
        raise _in_one_sentence(error, known) from error


def _with_plain_errors(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows; an error while they come is one sentence too."""
    from py4j.protocol import Py4JJavaError

    try:
        yield from rows
    except Py4JJavaError as error:
        raise LakehouseError(cause_in_java(error) or "the query failed", "sql") from error


def _in_one_sentence(error: PySparkException, known: Iterable[str]) -> LakehouseError:
    """Spark's own sentence, without its codes, plan and pointers."""
    if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
        name = (error.getMessageParameters() or {}).get("relationName", "")
        return unknown("table", name.replace("`", ""), known, "sql")
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    sentence = without_codes(lines[0] if lines else type(error).__name__)
    at = re.search(r"line (\d+),? pos (\d+)", str(error))
    where = f"sql, line {at[1]}, sign {int(at[2]) + 1}" if at else "sql"
    return LakehouseError(sentence, where)
