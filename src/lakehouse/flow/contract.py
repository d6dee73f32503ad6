"""What of a contract Delta can store, and what the ways of writing make of other types.

Held against Delta 4.0: a table by its folder takes a column as another type only where Parquet
holds both alike (TINYINT and SMALLINT in INT); any other is refused when rows arrive. `Merge`,
`History` and `Events` cast to the contract first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyspark.sql import types as T

from lakehouse.declare.events import Events
from lakehouse.declare.source import ROW
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Growing, History, Merge, Replace
from lakehouse.flow.faults import Severity
from lakehouse.lake.lake import CHANGE, VERSION

Found = Iterator[tuple[Severity, str, str, str]]
"""Severity, column, what is wrong with it, and what to do."""

CASTS = (Merge, History, Events)
"""The ways that cast to the contract."""

CHANGED = (CHANGE, VERSION, "_commit_timestamp")
"""Columns that a change feed carries beside those of its table."""

INCOMPARABLE = (T.MapType, T.VariantType)
FRACTIONS = (T.FloatType, T.DoubleType)
LITERAL = (
    *(T.BooleanType, T.IntegralType, T.DecimalType, T.StringType, T.DateType),
    *(T.TimestampType, T.TimestampNTZType),
)
"""Whose values SQL names and Python tells apart, as `Replace` must."""

DIGITS: dict[type[T.DataType], int] = {
    T.ByteType: 3,
    T.ShortType: 5,
    T.IntegerType: 10,
    T.LongType: 19,
}
"""The decimal digits that a whole number may have, narrow to wide."""


def sql(kind: T.DataType) -> str:
    """A type as DDL has it."""
    return kind.simpleString().upper()


def parts(kind: T.DataType) -> Iterator[T.DataType]:
    """A type and all that it is made of."""
    yield kind
    if isinstance(kind, T.StructType):
        for field in kind:
            yield from parts(field.dataType)
    elif isinstance(kind, T.ArrayType):
        yield from parts(kind.elementType)
    elif isinstance(kind, T.MapType):
        yield from parts(kind.keyType)
        yield from parts(kind.valueType)


def holds(kind: T.DataType, *kinds: type[T.DataType]) -> bool:
    """Whether a type is one of these, or made of one."""
    return any(isinstance(part, kinds) for part in parts(kind))


def unstorable(table: Table, contract: T.StructType) -> Found:
    """Columns that no table can have, or none that changes in this way."""
    own = {*(() if isinstance(table.write, Growing) else CHANGED)}
    own |= {ROW} if table.one_to_many else set()
    for field in contract:
        name, kind = field.name, field.dataType
        for part in parts(kind):
            if why := _why_not(part):
                yield "error", name, f"column {name!r} is {sql(kind)}, {why[0]}", why[1]
        if "`" in name and isinstance(table.write, Merge):
            # Delta names the columns of a change feed in a MERGE by itself, and wrongly so.
            what = f"column {name!r} cannot be named in Delta's MERGE"
            yield "error", name, what, "leave out the backtick"
        if name.casefold() in own:
            yield "error", name, f"the lake itself adds a column {name!r}", "name it otherwise"


def _why_not(kind: T.DataType) -> tuple[str, str] | None:
    match kind:
        case T.NullType():
            return "which Delta does not store", "give it a type"
        case T.CalendarIntervalType() | T.DayTimeIntervalType() | T.YearMonthIntervalType():
            return "which Delta does not store", "keep a number and name its unit"
        case T.CharType() | T.VarcharType():
            return "and is STRING once it is stored", "write STRING, and a rule for its length"
        case T.StringType() if not kind.isUTF8BinaryCollation():
            return "a collation that Delta does not store", "write STRING"
    return None


def unusable(table: Table, contract: T.StructType) -> Found:
    """Keys, partitions and times of a kind that the table's way of writing cannot use."""
    kinds = {field.name: field.dataType for field in contract}
    match table.write:
        case Merge() as write:
            yield from _of_merge(table, write, kinds)
        case History() as write:
            yield from _of_history(write, kinds)
        case Append(partition=str() as part):
            kind = kinds[part]
            if holds(kind, T.ArrayType, T.StructType, T.BinaryType, *INCOMPARABLE):
                yield "error", part, *_no_partition(part, kind)
            elif isinstance(kind, FRACTIONS):
                yield "warning", part, *_fraction("partition", part, kind)
        case Replace(partition=part, newest_by=at):
            if not isinstance(kinds[part], LITERAL):
                yield "error", part, *_no_partition(part, kinds[part])
            if isinstance(kinds[at], FRACTIONS):
                yield "warning", at, *_fraction("newest_by", at, kinds[at])
            elif not isinstance(kinds[at], LITERAL):
                what = f"Replace cannot order deliveries by {at!r}, which is {sql(kinds[at])}"
                yield "error", at, what, "order by a time, a number or a text"
    only = getattr(table.write, "partition", None)
    if only and len(kinds) == 1:
        yield "error", only, f"{only!r} is the partition and the only column", "add another column"


def _no_partition(name: str, kind: T.DataType) -> tuple[str, str]:
    what = f"a table cannot be parted by {name!r}, which is {sql(kind)}"
    return what, "partition by a number, a text, a date or a time"


def _fraction(role: str, name: str, kind: T.DataType) -> tuple[str, str]:
    what = f"the {role} {name!r} is {sql(kind)}: fractions that look alike may differ"
    return what, "use a DECIMAL or a whole number"


def _of_keys(write: Merge | History, kinds: dict[str, T.DataType]) -> Found:
    for key in write.keys:
        kind = kinds[key]
        if holds(kind, *INCOMPARABLE):
            way = type(write).__name__
            what = f"{way} cannot tell rows apart by {key!r}, which is {sql(kind)}"
            yield "error", key, what, "take its parts that matter as columns of their own"
        elif holds(kind, *FRACTIONS):
            yield "warning", key, *_fraction("key", key, kind)


def _of_history(write: History, kinds: dict[str, T.DataType]) -> Found:
    yield from _of_keys(write, kinds)
    for name, kind in kinds.items():
        if name not in write.keys and holds(kind, T.VariantType):
            what = f"History cannot compare versions by their content: {name!r} is {sql(kind)}"
            yield "error", name, what, "keep it as the STRING of its JSON"


def _of_merge(table: Table, write: Merge, kinds: dict[str, T.DataType]) -> Found:
    yield from _of_keys(write, kinds)
    if (at := write.newest_by) and holds(kinds[at], *INCOMPARABLE):
        what = f"Merge cannot order rows by {at!r}, which is {sql(kinds[at])}"
        yield "error", at, what, "order by a time, a number or a text"
    for name, kind in kinds.items():
        if not table.followed and name not in (*write.keys, at) and holds(kind, T.VariantType):
            what = f"Merge cannot compare rows by their content: {name!r} is {sql(kind)}"
            yield "error", name, what, "keep it as the STRING of its JSON"


def alike(made: T.DataType, wanted: T.DataType) -> bool:
    """Whether Delta stores one type as the other, uncast. Nullability does not matter."""
    if isinstance(made, T.ByteType | T.ShortType) and isinstance(wanted, T.IntegerType):
        return True
    if isinstance(made, T.ByteType) and isinstance(wanted, T.ShortType):
        return True
    return _all_parts(made, wanted, alike) or sql(made) == sql(wanted)


def lossless(made: T.DataType, wanted: T.DataType) -> bool:
    """Whether every value of one type has its like in the other."""
    if isinstance(made, T.NullType) or alike(made, wanted):
        return True
    digits = DIGITS.get(type(made), 99)
    match wanted:
        case T.IntegralType():
            return digits <= DIGITS[type(wanted)]
        case T.DecimalType():
            whole, scale = digits, 0
            if isinstance(made, T.DecimalType):
                whole, scale = made.precision - made.scale, made.scale
            return whole <= wanted.precision - wanted.scale and scale <= wanted.scale
        case T.DoubleType():
            return isinstance(made, T.FloatType) or digits <= DIGITS[T.IntegerType]
        case T.FloatType():
            return digits <= DIGITS[T.ShortType]
        case T.TimestampType() | T.TimestampNTZType():
            return isinstance(made, T.DateType)
        case T.StringType():
            return isinstance(made, T.NumericType | T.BooleanType | T.DateType | T.TimestampType)
    return _all_parts(made, wanted, lossless)


def _all_parts(
    made: T.DataType, wanted: T.DataType, same: Callable[[T.DataType, T.DataType], bool]
) -> bool:
    """Whether two nested types have the same parts, and each pair of these is the `same`."""
    match made, wanted:
        case (T.ArrayType(), T.ArrayType()):
            return same(made.elementType, wanted.elementType)
        case (T.MapType(), T.MapType()):
            keys = same(made.keyType, wanted.keyType)
            return keys and same(made.valueType, wanted.valueType)
        case (T.StructType(), T.StructType()):
            names = [[field.name.casefold() for field in kind] for kind in (made, wanted)]
            pairs = zip(made, wanted, strict=False)
            return names[0] == names[1] and all(same(a.dataType, b.dataType) for a, b in pairs)
    return False
