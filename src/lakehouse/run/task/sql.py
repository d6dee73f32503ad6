"""`sql_task` on this machine: the statements of a file, through the session of the process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError
from lakehouse.run.task.call import Call

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MAX_ROWS = 1000
_PIECES = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|;|[^'\"`;/-]+|.", re.DOTALL
)


def run(call: Call, path: Path) -> dict[str, Any]:
    """Run the statements of a file; return the rows of the last one, at most `MAX_ROWS`.

    Tables of the lake go by their names, such as gold.daily_sales. Parameters are `:name` (or
    `{{name}}`, as in queries), and only those that a statement names are handed to it.
    """
    from lakehouse.spark.session import make_session

    found = _settings(call)
    if found is not None:
        spark = make_session(found.spark, warehouse=found.data_folder / "warehouse")
    else:
        spark = make_session()
    given = {key: str(value) for key, value in (call.spec.get("parameters") or {}).items()}
    rows: list[dict[str, Any]] = []
    for statement in statements(path.read_text(encoding="utf-8")):
        if found is not None:
            _know_tables(spark, found, statement)
        text, used = with_parameters(statement, given)
        rows = [row.asDict(True) for row in spark.sql(text, args=used).take(MAX_ROWS)]
    return {"rows": rows, "first_row": rows[0] if rows else None}


def statements(text: str) -> list[str]:
    """Return the statements of a SQL text; a `;` inside quotes or comments ends none."""
    found, current = [], ""
    for piece in _PIECES.findall(text):
        if piece == ";":
            found.append(current)
            current = ""
        elif not piece.startswith(("--", "/*")):
            current += piece
    return [each.strip() for each in [*found, current] if each.strip()]


def with_parameters(text: str, given: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return a statement with `{{name}}` written as `:name`, and the parameters it names."""
    text = re.sub(r"\{\{\s*(\w+)\s*\}\}", r":\1", text)
    return text, {name: value for name, value in given.items() if re.search(rf":{name}\b", text)}


def _settings(call: Call) -> settings.Settings | None:
    """Return the settings that belong to the bundle; None where it has none of this kind."""
    try:
        return settings.load(call.target, conf=settings.find_conf(call.root))
    except LakehouseError:
        return None


def _know_tables(spark: SparkSession, found: settings.Settings, statement: str) -> None:
    """Let Spark know the tables of the lake that a statement names."""
    from lakehouse.lake.place import Place

    place = Place.of(found)
    if place.catalog:
        return
    for layer, name in dict.fromkeys(re.findall(r"\b(\w+)\.(\w+)\b", statement)):
        folder = place.folder(f"{layer}.{name}")
        if (Path(folder) / "_delta_log").is_dir():
            spark.sql(f"CREATE DATABASE IF NOT EXISTS `{layer}`")
            if not spark.catalog.tableExists(f"{layer}.{name}"):
                spark.catalog.createTable(f"{layer}.{name}", path=folder, source="delta")
