"""Values and types of a Delta log, as Python and Spark write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyspark.sql.types import StructType


def rows_of(batch: RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Rows of a batch as Python values; a map becomes a dictionary."""
    import pyarrow as pa

    return zip(
        *(
            [None if each is None else dict(each) for each in column.to_pylist()]
            if pa.types.is_map(column.type)
            else column.to_pylist()
            for column in batch.columns
        ),
        strict=True,
    )


def zoned(rows: Iterable[Sequence[Any]], schema: StructType) -> Iterator[tuple[Any, ...]]:
    """Rows of Spark with the zone that PySpark leaves out: a TIMESTAMP is a moment, in UTC."""
    moments = [field.dataType.typeName() == "timestamp" for field in schema.fields]
    for row in rows:
        yield tuple(
            in_utc(value) if moment and value is not None else value
            for value, moment in zip(row, moments, strict=True)
        )


def in_utc(moment: datetime) -> datetime:
    """A naive time as the UTC it is meant to be."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def numbers(metrics: Iterable[tuple[str, Any]]) -> dict[str, int]:
    """The metrics that are whole numbers."""
    return {key: int(value) for key, value in metrics if str(value).lstrip("-").isdigit()}


_SPARK = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


def spark_type(kind: Any) -> str:
    """A type of the log in Spark's words."""
    from deltalake.schema import ArrayType, MapType, StructType

    if isinstance(kind, ArrayType):
        return f"array<{spark_type(kind.element_type)}>"
    if isinstance(kind, MapType):
        return f"map<{spark_type(kind.key_type)},{spark_type(kind.value_type)}>"
    if isinstance(kind, StructType):
        return f"struct<{','.join(f'{each.name}:{spark_type(each.type)}' for each in kind.fields)}>"
    return _SPARK.get(kind.type, str(kind.type))
