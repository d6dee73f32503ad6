"""The versions of a table that were valid at a time: which columns, and by which condition."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

from lakehouse.base.errors import LakehouseError
from lakehouse.cli.project_index import TableEntry
from lakehouse.declare.schema import quoted, word
from lakehouse.declare.writes import ADDED, VALID_TO


def versions_at(table: TableEntry, text: str) -> tuple[tuple[str, ...], str]:
    """The columns of a table's contract, and the SQL condition of the versions valid at a time.

    Raises LakehouseError for a table that keeps no versions, and for what is no time.
    """
    if not table.sequence_by:
        raise LakehouseError(
            "keeps no versions: what it held then cannot be told by a time",
            table.name,
            "only a table written by History can be shown --as-of; see lakehouse history "
            f"{table.name}, and --version",
        )
    kinds = {column.name: word(column.type) for column in table.columns}
    at = _literal(text, kinds[table.sequence_by])
    condition = f"{quoted(table.sequence_by)} <= {at} AND ({VALID_TO} > {at} OR {VALID_TO} IS NULL)"
    return tuple(name for name in kinds if name not in ADDED), condition


def _literal(text: str, kind: str) -> str:
    """A time as SQL writes it, in the type that a table is sequenced by."""
    if kind not in ("DATE", "TIMESTAMP", "TIMESTAMP_LTZ"):
        if text.removeprefix("-").isdecimal():
            return text
        raise LakehouseError(
            f"{text!r} is not a whole number", "--as-of", "the table is sequenced by numbers"
        )
    moment = _moment(text)
    if kind == "DATE":  # what is valid at a day's midnight is so for the day
        return f"DATE '{moment.date().isoformat()}'"
    return f"TIMESTAMP '{moment.replace(tzinfo=None).isoformat(sep=' ')}'"


def _moment(text: str) -> datetime:
    """A time in UTC; of a day its midnight, and of a time without a zone what it is in UTC."""
    try:
        given = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        try:
            given = datetime.combine(date.fromisoformat(text), time())
        except ValueError:
            raise LakehouseError(
                f"{text!r} is neither a day nor a time",
                "--as-of",
                "write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC or with its zone",
            ) from None
    zone = given.tzinfo or timezone.utc
    return given.replace(tzinfo=zone).astimezone(timezone.utc)
