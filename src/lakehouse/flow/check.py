"""Declarations held against one another before anything runs: on empty frames, by Spark's analysis.

Lives beside the ways of writing, for what is wrong with a declaration is what these would do with
it. Needs a session and no storage; each fault is found, not the first one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import IntegralType, NullType, StructField, StructType

from lakehouse.base.errors import did_you_mean
from lakehouse.declare import text
from lakehouse.declare.events import WINDOW, WINDOW_TYPE, Waiting
from lakehouse.declare.model import Model
from lakehouse.declare.places import Places
from lakehouse.declare.project import Project
from lakehouse.declare.schema import columns, quoted, struct
from lakehouse.declare.select import Select
from lakehouse.declare.source import ROW, Source
from lakehouse.declare.table import Table
from lakehouse.flow.conditions import unjudgeable
from lakehouse.flow.contract import CASTS, alike, lossless, sql, unstorable, unusable
from lakehouse.flow.faults import Fault, Severity, in_one_line
from lakehouse.spark.analysis import analysed, line_of, sentence, unstable


def tables_of(project: Project) -> dict[str, Table]:
    """The tables of a project by name: those that are refreshed, and the scores of its models."""
    scores = (model.scores for model in project.models)
    return {table.name: table for table in (*project.tables, *scores)}


def faults(project: Project, spark: SparkSession, names: Sequence[str] = ()) -> tuple[Fault, ...]:
    """The faults of a project's tables and models, by file and line; or of these tables only."""
    check = _Check(spark, Places(project.name), tables_of(project))
    found = [fault for name in names or check.tables for fault in check.table(check.tables[name])]
    for model in () if names else project.models:
        found += check.model(model)
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: (fault.place, fault.message)))


@dataclass(frozen=True)
class _Check:
    """What tables are compiled with: a session, empty frames by their schema, and their places."""

    spark: SparkSession
    places: Places
    tables: Mapping[str, Table]
    frames: dict[str, DataFrame | None] = field(default_factory=dict)

    def table(self, table: Table) -> Iterator[Fault]:
        """The faults of a table."""
        contract, refused = self._contract(table.schema), set()
        if contract is None:
            yield from self._types(table)
        else:
            for severity, column, what, todo in unstorable(table, contract):
                refused.add(column)
                yield self._at(table, "schema", column, what, todo, severity)
            for severity, column, what, todo in unusable(table, contract):
                yield self._at(table, "write", column, what, todo, severity)
        yield from self._reads(table, table.reads)
        for read in table.reads:
            if isinstance(read, Source) and read.is_text:
                yield from self._texts(table, read)
        if table.transform is None:
            return
        made = yield from self._run(
            table, "transform", table.transform, table.reads, _more_columns(table)
        )
        if made is None:
            return
        if table.one_to_many and ROW not in made.columns:
            place = self.places.of_code(table.transform, table, "transform")
            what = f"is one_to_many, and its transform does not pass on the column {ROW}"
            yield Fault(place, "error", table.name, what, f"select {ROW} beside its columns")
        if contract is not None:
            more = self._contract(table.made) or contract
            sound = [column for column in more if column.name not in refused]
            yield from self._columns(table, made, sound)
        for rule in table.expect:
            told = f"the rule {rule.name!r}"
            yield from self._condition(table, "expect", rule.name, told, rule.condition, made)
        if table.where is not None:
            yield from self._condition(table, "where", "", "where", table.where, made)

    def model(self, model: Model) -> Iterator[Fault]:
        """The faults of a model, as far as it names tables and columns."""
        yield from self._reads(model, model.reads)
        first, by = model.reads[0], model.split.by
        contract = self._contract(first.stored)
        if contract is None:
            return
        if by not in contract.names:
            what = f"is split by {by!r}, which {first.name} does not have"
            yield self._at(model, "split", by, what, did_you_mean(by, contract.names))
            return
        if not isinstance(kind := contract[by].dataType, IntegralType):
            what = f"is split by {by!r}, which is {sql(kind)}"
            yield self._at(model, "split", by, what, "split by a whole number that grows with time")
            return
        rows = yield from self._run(model, "eligible", model.eligible, model.reads)
        if rows is not None and by not in rows.columns:
            what = f"eligible() leaves out {by!r}, by which the model is split"
            place = self.places.of_code(model.eligible, model, "eligible")
            yield Fault(place, "error", _named(model), what, did_you_mean(by, rows.columns))

    def _at(
        self,
        value: Table | Model,
        part: str,
        text: str,
        what: str,
        todo: str = "",
        severity: Severity = "error",
    ) -> Fault:
        return Fault(self.places.of(value, part, text), severity, _named(value), what, todo)

    def _contract(self, ddl: str) -> StructType | None:
        """A schema as a type; None where Spark cannot read it."""
        try:
            return struct(ddl)
        except PySparkException:
            return None

    def _types(self, table: Table) -> Iterator[Fault]:
        """The columns whose types Spark does not know."""
        for name, kind in columns(table.schema):
            try:
                struct(f"{quoted(name)} {kind}")
            except PySparkException as error:
                what, todo = sentence(error, self.spark)
                yield self._at(table, "schema", name, f"column {name!r} is {kind}: {what}", todo)

    def _reads(self, value: Table | Model, reads: Sequence[Table | Source]) -> Iterator[Fault]:
        """Tables that no page declares: nothing would ever fill them."""
        for read in reads:
            if isinstance(read, Table) and read.name not in self.tables:
                what = f"reads {read.name}, which no page declares"
                yield self._at(value, "reads", "", what, did_you_mean(read.name, self.tables))

    def _texts(self, table: Table, source: Source) -> Iterator[Fault]:
        """The fields of a source that no text can be read as. Its bronze table has them as they
        came: their types are of `parse` alone."""
        lines = self.spark.range(1).select(F.lit("").alias("line"))
        for name, kind in ((each.name, each.type) for each in source.contract):
            try:
                struct(f"{quoted(name)} {kind}")
                line, csv = F.col("line"), source.csv if source.format == "csv" else None
                value = text.of_csv(line, kind, csv) if csv else text.of_json(line, kind)
                analysed(lines.select(value))
            except PySparkException as error:
                what, todo = sentence(error, self.spark)
                what = f"the field {name!r} of {source.name} cannot be read as {kind}: {what}"
                yield self._at(table, "schema", name, what, todo)
        for name, pattern in (("dates", source.csv.dates), ("times", source.csv.times)):
            try:
                if pattern:  # looked at where it is first used
                    lines.select(F.try_to_timestamp("line", F.lit(pattern))).collect()
            except PySparkException:
                what = f"{name}={pattern!r} of {source.name} is no pattern that Spark reads by"
                todo = "as many letters as are known: yyyy-MM-dd HH:mm:ss.SSSSSS"
                yield self._at(table, "csv", pattern, what, todo)

    def _frame(self, read: Table | Source) -> DataFrame | None:
        """An empty frame of what is read; None where its schema is at fault."""
        ddl = read.landed_schema if isinstance(read, Source) else read.stored
        if ddl not in self.frames:
            contract = self._contract(ddl)
            empty = None if contract is None else self.spark.createDataFrame([], contract)
            self.frames[ddl] = empty
        return self.frames[ddl]

    def _run(
        self,
        value: Table | Model,
        part: str,
        code: Callable[..., DataFrame],
        reads: Sequence[Table | Source],
        more: Mapping[str, Column] | None = None,
    ) -> Generator[Fault, None, DataFrame | None]:
        """Calls a function on empty frames; returns what it makes, None where that is nothing.

        `more`: the column that the frame of a read, by its name, has beside those of the read.
        """
        frames = []
        for read in reads:
            if (frame := self._frame(read)) is None:
                return None  # told where it is declared
            column = (more or {}).get(read.name)
            frames.append(frame if column is None else frame.select("*", column))
        place = self.places.of_code(code, value, part)
        try:
            rows: object = code(*frames)
            if isinstance(rows, DataFrame):
                if names := unstable(analysed(rows)):
                    what = f"{part} uses {', '.join(names)}: it makes other rows each time"
                    todo = "take what depends on time from a column, such as arrived_at"
                    if isinstance(code, Select):
                        place = place._replace(line=code.line_of(names[0]))
                    yield Fault(place, "warning", _named(value), what, todo)
                return rows
            what, todo = f"{part} returns {type(rows).__name__}", "return a DataFrame"
        except PySparkException as error:
            what, todo = sentence(error, self.spark)
            place, what = self.places.of_error(error) or place, f"{part}: {what}"
            if isinstance(code, Select) and (line := line_of(error)):
                place = place._replace(line=line)
        except Exception as error:
            place, what, todo = self.places.of_error(error) or place, in_one_line(error), ""
            what = f"{part}: {what}"
        yield Fault(place, "error", _named(value), what, todo)
        return None

    def _columns(
        self, table: Table, made: DataFrame, contract: Sequence[StructField]
    ) -> Iterator[Fault]:
        """The columns of the contract that the transform does not return so."""
        kinds: dict[str, list[Any]] = {}
        for each in made.schema:
            kinds.setdefault(each.name.casefold(), []).append(each.dataType)
        for column in contract:
            name, wanted = column.name, column.dataType
            held = kinds.get(name.casefold(), [])
            if not held:
                what = f"the transform returns no column {name!r}"
                yield self._at(table, "schema", name, what, did_you_mean(name, made.columns))
            elif len(held) > 1:
                what = f"the transform returns {name!r} {len(held)} times"
                yield self._at(table, "schema", name, what, "name each once")
            elif not isinstance(held[0], NullType) and not alike(held[0], wanted):
                what = f"column {name!r} is {sql(held[0])} in the transform and {sql(wanted)} here"
                if not isinstance(table.write, CASTS) or not self._castable(made, name, wanted):
                    what = f"{what}, which {type(table.write).__name__} does not store"
                    todo = f"cast it in the transform to {sql(wanted)}"
                    yield self._at(table, "schema", name, what, todo)
                elif not lossless(held[0], wanted):
                    what = f"{what}: a value that does not fit fails the batch or is cut"
                    todo = "use try_cast in the transform, and a rule for NULL"
                    yield self._at(table, "schema", name, what, todo, "warning")

    def _castable(self, made: DataFrame, name: str, wanted: Any) -> bool:
        try:
            analysed(made.select(F.col(quoted(name)).cast(wanted)))
        except PySparkException:
            return False
        return True

    def _condition(
        self, table: Table, part: str, text: str, told: str, condition: str, made: DataFrame
    ) -> Iterator[Fault]:
        """Why a condition cannot be judged row by row; `text` is what its place is found by."""
        if found := unjudgeable(condition, made):
            severity, what, todo = found
            yield self._at(table, part, text, f"{told} {what}", todo, severity)


def _named(value: Table | Model) -> str:
    return value.name if isinstance(value, Table) else f"model {value.name}"


def _more_columns(table: Table) -> Mapping[str, Column]:
    """What a transform is given beside the columns of its reads, by the name of the read."""
    if isinstance(table.write, Waiting):
        window = F.lit(None).cast(WINDOW_TYPE).alias(WINDOW)
        return {read.name: window for read in table.watched}
    return {table.reads[0].name: F.lit(0).cast("bigint").alias(ROW)} if table.one_to_many else {}
