"""Where records arrive, and how a landed record is read without losing any.

To say what a source is takes no Spark: `lakehouse new` does so where none is installed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.csv import Csv
from lakehouse.declare.encoding import UTF_8, canonical, check_encoding
from lakehouse.declare.field import SCHEMA, Classes, Field, Schema, fields_of, settle
from lakehouse.declare.schema import NESTED, OWN, check_columns, columns, quoted, word

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Format = Literal["json", "csv", "parquet", "avro", "text"]

Redelivered = Literal["refuse", "add", "replace"]
"""What becomes of the records of a file that was taken, and is delivered again under its name."""

# Where a message came from, with what came beside its value; NULL where the record is of a file.
SENT = "_message"
MESSAGE = (
    "STRUCT<topic: STRING, partition: INT, offset: BIGINT, key: BINARY, "
    "headers: ARRAY<STRUCT<key: STRING, value: BINARY>>>"
)

# What every bronze row says of its origin. `arrived_at` is the time stamp of the file, or that of
# the message.
PROVENANCE = f"source_file STRING, {SENT} {MESSAGE}, arrived_at TIMESTAMP, ingested_at TIMESTAMP"

# The record as it came, carried next to the parsed columns so that quarantine can keep it.
RECORD = "_record"

# Which landed row a row is made of (BIGINT, of one batch), where one may become several.
ROW = "_row"

PARSED = f"{OWN}parsed"

CSV = Csv()


@dataclass(frozen=True)
class Source:
    """Records of one kind: files arriving in `<landing>/<name>/`, messages where the settings name
    a topic for the source, or rows where they name a table of a database.

    Args:
        name: The folder below the landing zone, and the bronze table: letters, digits and
            underscores.
        schema: The fields of a raw record, as DDL or as a sequence of `Field`s. Text is
            kept as it came, and `parse` reads each field as its type; what is no value of that is
            NULL, so a wrong type never loses a record. Parquet and Avro have types of their own; a
            file whose types do not fit the schema, or a CSV file whose header does not, is reported
            and rescued, not dropped.
        format: `json` (one object a line), `csv`, `parquet`, `avro` or `text`: lines of any form,
            each of which is the one field of the schema, a STRING for silver to take apart.
        encoding: The encoding of text, by any name that Python knows; the lake holds UTF-8. A
            record that cannot be decoded is set aside with its bytes.
        redelivered: What is done with a file that was taken and has other records now. `refuse`
            reports it and takes none, `add` takes the records that are new in it, `replace` takes
            all of them in the place of those that came before.
        classes: The data classes of the fields, as (name, class), where the schema is DDL;
            `Field`s have their own.
        csv: The dialect of CSV: its signs, its NULL, its dates.

    Raises:
        LakehouseError: The name cannot be that of a folder and a table, the format or `redelivered`
            is unknown, the encoding is unknown or cannot be read record by record, what is said of
            text is said of Parquet or Avro, or the schema has no columns, a column without a type,
            one twice, one that the lake adds itself, one that no cell of CSV can hold, or another
            than one of plain text.
    """

    name: str
    schema: Schema = SCHEMA
    format: Format = "json"
    encoding: str = "UTF-8"
    redelivered: Redelivered = "refuse"
    csv: Csv = CSV
    classes: Classes = ()

    def __post_init__(self) -> None:
        """Refuse what could never be read."""
        where = f"source {self.name!r}"
        if not self.name.isidentifier():
            raise LakehouseError(
                "its name is that of a folder and of a table, and cannot be used for both",
                where,
                "use letters, digits and underscores",
            )
        if self.format not in (known := get_args(Format)):
            what = f"files of the format {self.format!r} cannot be read"
            raise LakehouseError(what, where, did_you_mean(self.format, known))
        if self.redelivered not in (known := get_args(Redelivered)):
            what = f"redelivered={self.redelivered!r} is nothing that can be done with a file"
            raise LakehouseError(what, where, did_you_mean(self.redelivered, known))
        settle(self, where)
        check_encoding(self.encoding, where)
        if self.format != "csv" and self.csv != CSV:
            what = f"csv is said of files of the format {self.format!r}"
            raise LakehouseError(what, where, "say format='csv', or leave it out")
        if not self.is_text and canonical(self.encoding) != UTF_8:
            what = f"{self.format.capitalize()} is no text that could be in {self.encoding!r}"
            raise LakehouseError(what, where, "leave the encoding out")
        check_columns(self.schema, where)
        own = {"arrived_at", RECORD, ROW}
        if not self.keeps_lines:
            # Where Spark itself says of which file a row is.
            own |= {"_metadata", "rescued", *(name for name, _ in columns(PROVENANCE))}
        if taken := [field for field in self.fields if field.casefold() in own]:
            raise LakehouseError(
                f"the lake itself adds a column {taken[0]!r}", where, "name the field otherwise"
            )
        if self.format == "csv":
            self._check_cells(where)
        if self.format == "text" and [word(field.type) for field in self.contract] != ["STRING"]:
            raise LakehouseError(
                "a line of text is one STRING, and the schema says otherwise",
                where,
                "declare one field: line STRING",
            )

    def _check_cells(self, where: str) -> None:
        for field in self.contract:
            if word(field.type) in (*NESTED, "VARIANT", "VOID"):
                raise LakehouseError(
                    f"the field {field.name!r} is {field.type}, and a cell of CSV holds one value",
                    where,
                    "declare it as STRING, and read it in silver: from_json",
                )

    @property
    def is_text(self) -> bool:
        """Whether its files are text, read line by line or, where lines cannot be told, whole."""
        return self.format not in ("parquet", "avro")

    @property
    def keeps_lines(self) -> bool:
        """Whether bronze has a line as it came, in `record`, and no more of it."""
        return self.format in ("json", "text")

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the raw fields, in order."""
        return tuple(name for name, _ in columns(self.schema))

    @property
    def contract(self) -> tuple[Field, ...]:
        """The raw fields as `Field`s, with their meanings and data classes."""
        return fields_of(self.schema, self.classes)

    @property
    def landed_schema(self) -> str:
        """DDL of the bronze table: the record as it came, then where it came from.

        JSON and text: `record STRING`. CSV: the fields as STRING, `_record STRING` (the line) and
        `rescued STRING`. Parquet and Avro: the fields of the schema and `rescued STRING`, the whole
        record as JSON where it does not fit. Then `source_file STRING`; `_message`, a STRUCT of a
        message's topic, partition, offset, key and headers, NULL in the row of a file; `arrived_at
        TIMESTAMP` (when the file was last changed, the time stamp of the message) and `ingested_at
        TIMESTAMP`.
        """
        match self.format:
            case "json" | "text":
                record = "record STRING"
            case "csv":
                cells = (replace(field, type="STRING").ddl for field in self.contract)
                record = f"{', '.join(cells)}, {RECORD} STRING, rescued STRING"
            case "parquet" | "avro":
                record = f"{self.schema}, rescued STRING"
        return f"{record}, {PROVENANCE}"

    def record(self) -> Column:
        """The record of a bronze row as STRING: the line as it came; as JSON where there is no line
        (Parquet, Avro), or it alone does not say what it means (a file with another header)."""
        from pyspark.sql import functions as F

        match self.format:
            case "json" | "text":
                return F.col("record")
            case "csv":
                return F.coalesce("rescued", RECORD)
            case "parquet" | "avro":
                return F.coalesce("rescued", F.to_json(F.struct(*map(quoted, self.fields))))

    def parse(self, raw: DataFrame) -> DataFrame:
        """Bronze rows to a column for each field, `arrived_at`, `_record` and, if given, `_row`.

        Pure: it reads and writes nothing.

        Args:
            raw: Rows of the bronze table.

        Returns:
            The fields in their types. A field that is missing or is no value of its type is NULL,
            and so is every field of a line that is not JSON. `_record STRING` is the record itself;
            a transform that passes it on lets quarantine keep it.
        """
        from pyspark.sql import functions as F

        from lakehouse.declare import text

        beside = [F.col("arrived_at"), self.record().alias(RECORD)]
        beside += [F.col(ROW)] if ROW in raw.columns else []
        names = {field.name: quoted(field.name) for field in self.contract}
        match self.format:
            case "json":
                lines = ", ".join(f"{name} STRING" for name in names.values())
                raw = raw.select("*", F.from_json("record", lines).alias(PARSED))
                values = [
                    text.of_json(F.col(f"{PARSED}.{names[field.name]}"), field.type)
                    for field in self.contract
                ]
            case "csv":
                values = [
                    text.of_csv(F.col(names[field.name]), field.type, self.csv)
                    for field in self.contract
                ]
            case "text":
                values = [F.col("record")]
            case "parquet" | "avro":
                values = [F.col(name) for name in names.values()]
        fields = [value.alias(name) for value, name in zip(values, names, strict=True)]
        return raw.select(*fields, *beside)
