"""Hostile records: lines that no sender should send, drawn by a seed.

A line is bytes: most of what is hostile about it cannot be said by a value of Python, such as a key
that comes twice, 1e400, or half a letter. Some are good enough to get far before they do harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

T = TypeVar("T")
Drawn = st.SearchStrategy
Damage = Callable[[bytes], bytes]

AT_ONCE = 1_000
"""Draws of one run of Hypothesis, which remembers each of them to draw none twice."""

MANY = 1_000_000
"""Bytes of what is huge."""

NUMBERS = [
    *("0", "-0", "-1", "1e400", "-1e400", "1e-400", "1E2147483648", "1e-99999999", "1e999999999"),
    *("1e-999999999", "NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "0x1F", "1_000"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e1e1", "1,5"),
    *("99999999.99", "0.005", "9" * 39, "9" * 5_000, f"0.{'0' * 5_000}1"),
]
TIMES = [
    *("0000-00-00 00:00:00", "0000-01-01T00:00:00Z", "-0001-12-31", "-1-1-1", "0001-01-01"),
    *("1582-10-10", "1899-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999Z", "10000-01-01"),
    *("292278994", "+292278994-08-17T07:12:55.807Z", "294247-01-10 04:00:54.775807", "-290308"),
    *("2015-02-29", "2016-12-31T23:59:60Z", "2024-02-30T25:61:61", "2024-03-31 02:30 Europe/Paris"),
    *("2024-05-01T12:00:00+18:00", "2024-05-01T12:00:00-99:99", "2024-05-01T12:00:00.123456789Z"),
    *("2024-05-01 12:00:00 CET", "12:00:00", "T12:00", "20240501", "1714521600000", "now", "epoch"),
]
TEXTS = [
    *("", " ", "\0", "a\0b", "\ufeff", "a\u2028b", "\u2029", "\x85", "\x0b\x0c\x1c\x1e\x7f", "\t"),
    *(
        "\n",
        "a\r\nb",
        "'",
        '"',
        '""',
        "\\",
        "`",
        "a.b",
        "a,,b",
        ",",
        "%s",
        "../..",
        "${x}",
        "{{ x }}",
    ),
    *("NULL", "null", "None", "nan", "<NA>", "true", "__HIVE_DEFAULT_PARTITION__", "a=b/c%2F"),
    *(
        "'; DROP TABLE sales; --",
        "\u202e",
        "e\u0301",
        "\U0001d518",
        "\U0010ffff",
        "\u0130",
        "\u00df",
    ),
]
NAMES = [
    *('""', '" "', '"ID"', '"Id"', '"`id`"', '"a.b"', '"id.x"', '"a`b"', '"\\u0000"', '"\\ud800"'),
    *('"_record"', '"record"', '"_row"', '"arrived_at"', '"_message"', '"_corrupt_record"'),
    *('"_lake_unread"', '"\\u2028"', '"\\"', "id", "'id'", "1", "null", "{}"),
]
BLANKS = [
    b"",
    b" ",
    b"   ",
    b"\t",
    b"\0",
    b"\xef\xbb\xbf",
    b"\r",
    b"\xc2\xa0",
    b"\x0c",
    b"\xe2\x80\xa8",
]
NESTED = [
    *(b"[" * deep + b"]" * deep for deep in (100, 999, 1_001, 3_000)),
    *(b'{"a":' * deep + b"1" + b"}" * deep for deep in (100, 1_001, 3_000)),
    *(b"[" * 3_000, b'{"a":' * 3_000, b"]" * 3_000),
]

_texts = st.one_of(
    *(st.sampled_from(some) for some in (NUMBERS, TIMES, TEXTS)),
    st.text(max_size=20),
    st.integers().map(str),
    st.floats().map(str),
)


def _quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _escaped(text: str) -> bytes:
    return json.dumps(text).encode()


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_scalars = st.one_of(
    _texts.map(_quoted),
    _texts.map(_escaped),
    st.sampled_from([_plain(each) for each in (*NUMBERS, "true", "false", "null", "undefined")]),
    st.sampled_from(
        [b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xff"']
    ),
    st.sampled_from([b"[]", b"{}", b'""', b'"\\x"', b'"\\u12"', b'"\x01"', b"''", b"/*"]),
    st.binary(max_size=12),
)
_values = st.one_of(
    _scalars,
    st.lists(_scalars, max_size=3).map(lambda some: b"[" + b",".join(some) + b"]"),
    st.lists(_scalars, max_size=2).map(lambda some: b'{"a":' + b',"a":'.join(some) + b"}"),
    st.sampled_from(NESTED),
)
_names = st.one_of(
    st.sampled_from([_plain(name) for name in NAMES]), st.text(max_size=8).map(_escaped)
)


def _mostly(usual: Drawn[T], *odd: Drawn[T]) -> Drawn[T]:
    """Seven times in ten the usual; `one_of` counts each alternative once."""
    other = st.one_of(*odd)
    return st.integers(0, 9).flatmap(lambda chance: usual if chance < 7 else other)


def _unharmed(line: bytes) -> bytes:
    return line


_damage: Drawn[Damage] = _mostly(
    st.just(_unharmed),
    st.sampled_from(
        [
            lambda line: b"\xef\xbb\xbf" + line,
            lambda line: b"[" + line + b"]",
            lambda line: line + line,
            lambda line: line + b",",
            lambda line: b" \t" + line + b" \t",
            lambda line: line.replace(b'"', b"'"),
            lambda line: line.replace(b",", b",,"),
            lambda line: line.replace(b"a", b"\xe4"),
            lambda line: line.replace(b":", b":\0"),
            lambda line: line.replace(b",", b",\n"),
            lambda line: line.decode("utf-8", "replace").encode("utf-16"),
            lambda line: line + b"\r",
            lambda line: line + b"\x1a",
        ]
    ),
    st.integers(0, 99).map(lambda share: lambda line: line[: len(line) * share // 100]),
)


@st.composite
def objects(draw: st.DrawFn, usual: Mapping[str, Drawn[str]]) -> bytes:
    """An object with most of its fields as usual, others of any kind, some twice, then damaged."""
    names = st.sampled_from([*usual])
    odd = draw(_mostly(st.lists(names, max_size=1), st.lists(names, max_size=3)))
    pairs = [
        (_escaped(name), draw(_values) if name in odd else _quoted(draw(texts)))
        for name, texts in usual.items()
        if odd != [name]  # missing
    ]
    pairs += [(_escaped(name), draw(_values)) for name in odd[2:]]  # once more
    pairs += draw(st.lists(st.tuples(_names, _values), max_size=1))
    return draw(_damage)(b"{" + b",".join(b":".join(pair) for pair in pairs) + b"}")


def json_lines(usual: Mapping[str, Drawn[str]]) -> Drawn[bytes]:
    """A line where an object is expected. `usual`: the texts by which each field seems good."""
    return _mostly(objects(usual), _values, st.sampled_from(BLANKS), st.binary(max_size=40))


_torn = st.sampled_from(
    [
        lambda cell: cell,
        lambda cell: cell,
        lambda cell: b'"' + cell.replace(b'"', b'""') + b'"',
        lambda cell: b'"' + cell,
        lambda cell: cell + b'"',
        lambda cell: b'"' + cell + b'"x',
        lambda cell: b'"' + cell + b"\n" + cell + b'"',
    ]
)
_cells = st.one_of(_texts.map(_plain), st.binary(max_size=8))


@st.composite
def rows(draw: st.DrawFn, usual: Mapping[str, Drawn[str]]) -> bytes:
    """A row of CSV: some cells of any kind, torn quotes, too many cells or too few, damaged."""
    odd = draw(st.lists(st.sampled_from([*usual]), max_size=2))
    cells = [
        draw(_torn)(draw(_cells)) if name in odd else _plain(draw(texts))
        for name, texts in usual.items()
    ]
    cells += [draw(_cells)] * draw(st.sampled_from([0, 0, 0, 0, 0, 1, 50]))
    return draw(_damage)(draw(st.sampled_from([b",", b",", b",", b";"])).join(cells))


def csv_lines(usual: Mapping[str, Drawn[str]]) -> Drawn[bytes]:
    """A line where a row of CSV is expected."""
    return _mostly(rows(usual), st.sampled_from(BLANKS), st.binary(max_size=40))


def huge(names: list[str]) -> Drawn[bytes]:
    """A line of a megabyte, or of which something is that long."""
    name = st.sampled_from(names)
    return st.one_of(
        st.sampled_from(
            [
                b"x" * MANY,
                b'"' * MANY,
                b'"' + b"," * (MANY // 10),
                b"," * (MANY // 10),
                b"[" * MANY,
                b"[" * MANY + b"]" * MANY,
                b'{"' + b"x" * MANY + b'":1}',
                b"{" + b",".join(b'"x%d":1' % each for each in range(MANY // 20)) + b"}",
                b"\0" * MANY,
                b"\xff" * MANY,
            ]
        ),
        st.tuples(name, st.characters(codec="utf-8")).map(
            lambda one: b'{"%s":"%s"}' % (one[0].encode(), (one[1] * MANY).encode()[:MANY])
        ),
        name.map(lambda one: b'{"%s":%s}' % (one.encode(), b"9" * MANY)),
        name.map(lambda one: b'{"%s":"%s"}' % (one.encode(), b"a," * (MANY // 20))),
    )


def drawn(strategy: Drawn[T], count: int, chance: str) -> list[T]:
    """So many draws, the same ones for the same `chance` and the same code."""
    found: list[T] = []
    for at in range(0, count, AT_ONCE):

        @seed(f"{chance}, {at}")
        @settings(
            max_examples=min(AT_ONCE, count - at),
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def take(each: T) -> None:
            found.append(each)

        take()
    return found
