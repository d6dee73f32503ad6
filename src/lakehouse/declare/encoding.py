"""How the text of landed files is encoded: which encodings can be read record by record."""

from __future__ import annotations

import codecs

from lakehouse.base.errors import LakehouseError, did_you_mean

UTF_8 = "utf-8"
"""The one encoding that Spark itself reads, by the name that Python gives it."""

COMMON = (
    *("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE", "US-ASCII"),
    *("ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "ISO-8859-15"),
    *("windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "latin-1"),
    *(
        "cp437",
        "cp850",
        "KOI8-R",
        "Shift_JIS",
        "cp932",
        "EUC-JP",
        "EUC-KR",
        "GBK",
        "GB18030",
        "Big5",
    ),
)
"""What a misspelt name is compared with. Any other that Python knows will do as well."""

WIDE = {
    "utf-16": 2, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4, "utf-32-le": 4, "utf-32-be": 4,
}  # fmt: skip
"""Encodings whose smallest unit is no byte, with the bytes of one: a line does not end at a byte
that is 10, but at a whole unit of that number."""

READ_OTHERWISE = rb"\u0041", b"\x1b$B", b".xn--4ca"
"""ASCII that stands for something else in Python's source, in iso2022 and in names of hosts."""

SAMPLE = b"".join((bytes(each for each in range(128) if each != ord("\\")), *READ_OTHERWISE))
"""What has to mean what it means in ASCII: lines end and JSON is read where the bytes say so, and a
line is read alone, whatever the one before it may have switched to."""


def canonical(encoding: str) -> str:
    """The one name of an encoding, however it is spelt. Raises LookupError for an unknown one."""
    return codecs.lookup(encoding).name


def check_encoding(encoding: str, where: str) -> None:
    """Raise LakehouseError where an encoding is unknown, or its records cannot be told apart."""
    try:
        name = canonical(encoding)
    except (LookupError, ValueError):
        what = f"the encoding {encoding!r} is not known"
        raise LakehouseError(what, where, did_you_mean(encoding, COMMON)) from None
    if name not in WIDE and not _is_ascii(name):
        raise LakehouseError(
            f"where a line ends cannot be told from the bytes of a file in {encoding!r}",
            where,
            "it has to hold ASCII as it is, or be of UTF-16 or UTF-32: convert the files first",
        )


def _is_ascii(name: str) -> bool:
    """Whether the encoding says of the bytes of ASCII what ASCII says of them."""
    try:
        return SAMPLE.decode(name) == SAMPLE.decode("ascii")
    except (LookupError, ValueError):  # no encoding of text, or one that refuses them
        return False
