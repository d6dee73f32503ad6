"""Which encodings a source may declare, and what another one asks of its tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import tiny

from lakehouse import Source, bronze
from lakehouse.declare.changes import Change, changes
from lakehouse.declare.definition import definition_of
from lakehouse.declare.encoding import COMMON, WIDE, canonical, check_encoding

LATIN = replace(tiny.SALES, encoding="ISO-8859-1")


@pytest.mark.parametrize("encoding", COMMON)
def test_every_common_encoding_is_read_and_no_letter_of_it_looks_like_the_end_of_a_line(
    encoding: str,
) -> None:
    check_encoding(encoding, "here")
    if canonical(encoding) in WIDE:
        return
    for letter in map(chr, range(128, 0x10000)):
        try:
            held = letter.encode(encoding)
        except UnicodeError:
            continue
        assert not {*held} & {*b"\r\n"}, letter


def test_another_encoding_asks_for_a_rebuild_and_another_spelling_for_nothing() -> None:
    utf_8, latin = definition_of(bronze(tiny.SALES)), definition_of(bronze(LATIN))
    assert changes(utf_8, latin) == [
        Change("source", "source encoding was utf-8, is iso8859-1", "rebuild")
    ]
    assert changes(latin, utf_8) == [
        Change("source", "source encoding was iso8859-1, is utf-8", "rebuild")
    ]
    for spelt in ("latin-1", "iso8859_1", "L1"):
        assert definition_of(bronze(replace(LATIN, encoding=spelt))) == latin
    for spelt in ("utf8", "U8", "utf-8"):
        assert definition_of(bronze(replace(tiny.SALES, encoding=spelt))) == utf_8


def test_a_lake_from_before_there_were_encodings_is_as_declared() -> None:
    assert definition_of(bronze(tiny.SALES)).part("source") == {"name": "sales", "format": "json"}


def test_what_else_changes_of_a_source_is_told_beside() -> None:
    before, now = (
        definition_of(bronze(Source(name, "id STRING", encoding=encoding)))
        for name, encoding in (("sales", "UTF-8"), ("tills", "UTF-16"))
    )
    first, second = (each for each in changes(before, now) if each.part == "source")
    assert (first.what, first.needs) == ("source encoding was utf-8, is utf-16", "rebuild")
    assert "sales" in second.what and "tills" in second.what and "encoding" not in second.what
