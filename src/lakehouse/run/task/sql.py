"""`sql_task` on this machine: the statements of a file, through the session of the process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError
from lakehouse.run.task.call import Call
from lakehouse.run.task.table_names import TableNames

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

    own_settings = _settings(call)
    if own_settings is not None:
        spark = make_session(own_settings.spark, warehouse=own_settings.data_folder / "warehouse")
    else:
        spark = make_session()
    names = TableNames(own_settings) if own_settings is not None else None
    parameters = {key: str(value) for key, value in (call.spec.get("parameters") or {}).items()}
    rows: list[dict[str, Any]] = []
    for statement in statements(path.read_text(encoding="utf-8")):
        if names is not None:
            names.register(spark, statement)
        text, named = with_parameters(statement, parameters)
        rows = [row.asDict(True) for row in spark.sql(text, args=named).take(MAX_ROWS)]
    return {"rows": rows, "first_row": rows[0] if rows else None}


def statements(text: str) -> list[str]:
    """Return the statements of a SQL text; a `;` inside quotes or comments ends none."""
    texts = [""]
    for piece in _PIECES.findall(text):
        if piece == ";":
            texts.append("")
        elif not piece.startswith(("--", "/*")):
            texts[-1] += piece
    return [each.strip() for each in texts if each.strip()]


def with_parameters(text: str, parameters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return a statement with `{{name}}` written as `:name`, and the parameters it names."""
    text = re.sub(r"\{\{\s*(\w+)\s*\}\}", r":\1", text)
    named = {name: each for name, each in parameters.items() if re.search(rf":{name}\b", text)}
    return text, named


def _settings(call: Call) -> settings.Settings | None:
    """Return the settings that belong to the bundle; None where it has none of this kind."""
    try:
        return settings.load(call.target, conf=settings.find_conf(call.root))
    except LakehouseError:
        return None
