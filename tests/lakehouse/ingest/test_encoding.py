"""Text in other encodings than UTF-8, and records that cannot be decoded."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests import tiny

from lakehouse import Append, Source, Table, bronze
from lakehouse.flow.plan import accept, plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.ingest.decode import DECODED
from lakehouse.base.errors import LakehouseError
from lakehouse.lake import Account, Lake
from lakehouse.lake.lake import Lake as _Lake
from lakehouse.lake.write import Writer

BRONZE = tiny.BRONZE_SALES


def land(landing: Path, name: str, content: bytes, source: str = "sales") -> None:
    """Lands a file of these bytes."""
    path = landing / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_000_000, 1_000_000))


def records(lake: Lake, table: str = "bronze.sales") -> list[str]:
    return sorted(row["record"] for row in lake.read(table).collect())


def aside(lake: Lake, table: str = "bronze.sales") -> list[tuple[str, bytes]]:
    """The name of the file and the bytes of each record in quarantine."""
    rows = lake.read("ops.quarantine").where(f"table = '{table}'").collect()
    assert all(row["rules"] == [DECODED] and row["record"] is None for row in rows)
    made = [json.loads(row["row"]) for row in rows]
    return sorted((Path(m["file"]).name, base64.b64decode(m["bytes"])) for m in made)


def test_every_encoding_is_read_and_kept_in_utf_8(lake: Lake, landing: Path) -> None:
    files = {
        "ISO-8859-1": b"M\xfcller\r\n\r\nno euro here",
        "windows-1252": b"M\xfcller \x80\nbroken \x81\n",
        "Shift_JIS": b"\x83\x5c\x82\xcc \\n\n   \nbroken \x83\n",  # its second byte is a backslash
        "UTF-16": b"\xff\xfeM\0\xfc\0 \0\xac\x20\r\0\n\0 \0\n\0\x0a\x4e\n\0",
        "UTF-16LE": b"M\0\xfc\0\n\0\x00\xd8\n\0\x0a\x0a",
        "UTF-16BE": b"\xfe\xff\0M\0\xfc \xac\0\n\xd8\x3d\xde\x00\0\n\0x\xff",
        "UTF-32": b"\0\0\xfe\xff\0\0\0M\0\0\0\n\0\x11\0\0\0\0\0\n\0\1\xf6\0",
    }
    sources = {name: Source(f"s{at}", "id STRING", encoding=name) for at, name in enumerate(files)}
    for name, content in files.items():
        land(landing, f"{name}.txt", content, sources[name].name)
    accounts = refresh(lake, [bronze(source) for source in sources.values()])
    found = {name: records(lake, f"bronze.{source.name}") for name, source in sources.items()}
    assert found == {
        "ISO-8859-1": ["Müller", "no euro here"],
        "windows-1252": ["Müller €"],
        "Shift_JIS": ["ソの \\n"],
        "UTF-16": ["Mü €", "上"],
        "UTF-16LE": ["Mü", "ਊ"],
        "UTF-16BE": ["Mü€", "😀"],
        "UTF-32": ["M", "😀"],
    }
    broken = {
        name: [record for _, record in aside(lake, f"bronze.{source.name}")]
        for name, source in sources.items()
    }
    assert broken == {
        "ISO-8859-1": [],
        "windows-1252": [b"broken \x81"],
        "Shift_JIS": [b"broken \x83"],
        "UTF-16": [],
        "UTF-16LE": [b"\x00\xd8"],
        "UTF-16BE": [b"\0x\xff"],
        "UTF-32": [b"\0\x11\0\0"],
    }
    for name, source in sources.items():
        (account,) = accounts[f"bronze.{source.name}"]
        kept, bad = len(found[name]), len(broken[name])
        rules = {DECODED: bad} if bad else {}
        assert account == Account(kept + bad, kept, quarantined=bad, rules=rules), name
