"""Lines of CSV as cells, in every dialect; headers; lines that are one record."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import DataFrame

from lakehouse import Csv, Source
from lakehouse.ingest.decode import file_reader
from lakehouse.ingest.headers import UnreadableError, header_faults, header_of
from lakehouse.ingest.misfits import read_files
from lakehouse.ingest.unread import UNREAD

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIELDS = "id BIGINT, item STRING, amount DECIMAL(8,2), sold DATE"


def source(csv: Csv, encoding: str = "UTF-8") -> Source:
    return Source("orders", FIELDS, format="csv", csv=csv, encoding=encoding)


def read(spark: SparkSession, folder: Path, of: Source, content: str) -> DataFrame:
    """The rows of a file, in the encoding of its source."""
    path = folder / "a [1].csv"
    path.write_bytes(content.encode(of.encoding))
    return read_files(spark, of, [str(path)])


DIALECTS = {
    "no header": (
        Csv(header=False), "1,tea,2,\nid,item,amount,sold\n",
        [("1", "tea", "2", None), ("id", "item", "amount", "sold")], [],
    ),
    "a tab, and no quotes": (
        Csv("\t", quote=""), 'id\titem\tamount\tsold\n1\t"te\t2\t\n',
        [("1", '"te', "2", None)], [],
    ),
    "an escape": (
        Csv(escape="\\"), 'id,item,amount,sold\n1,"a \\"b\\", \\\\ \\n",2,\n2,"a""b",2,\n',
        [("1", 'a "b", \\ \\n', "2", None)], ['2,"a""b",2,'],
    ),
    "a bar": (Csv("|"), "id|item|amount|sold\n1|a.b|2|\n", [("1", "a.b", "2", None)], []),
    "cells of several lines": (
        Csv(multiline=True),
        '\ufeffid,item,amount,sold\r\n1,"two\r\n\r\nlines, ""quoted""",1,\r\n'
        '2,"torn,2,\r\n3,tea,3,\r\n4,"x\ny",4,\r\n5,"a\nb",5\n6,"never',
        [("1", 'two\r\n\r\nlines, "quoted"', "1", None), ("3", "tea", "3", None),
         ("4", "x\ny", "4", None)],
        ['2,"torn,2,', '5,"a', 'b",5', '6,"never'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_is_read_by_its_signs(
    spark: SparkSession, tmp_path: Path, dialect: str, encoding: str
) -> None:
    csv, content, kept, broken = DIALECTS[dialect]
    of = source(csv, encoding)
    rows = read(spark, tmp_path, of, content.removeprefix("\ufeff")).collect()
    good = [tuple(row[name] for name in of.fields) for row in rows if row[UNREAD] is None]
    assert good == kept
    assert [row["_record"] for row in rows if row[UNREAD]] == broken


def test_a_broken_record_says_why(spark: SparkSession, tmp_path: Path) -> None:
    text = 'id,item,amount,sold\n1,"two\nlines",1,\n'
    rows = read(spark, tmp_path, source(Csv()), text).collect()
    assert [row[UNREAD]["why"] for row in rows] == [
        "a quote is not closed in its line, or text follows it; Csv(multiline=True) reads cells "
        "with line breaks",
        "3 cells, where its header has 4",
    ]


def test_a_cell_may_be_longer_than_any_stack(spark: SparkSession, tmp_path: Path) -> None:
    long = '""' * 50_000
    rows = read(spark, tmp_path, source(Csv()), f'id,item,amount,sold\n1,"{long}",1,\n').collect()
    assert [len(row["item"]) for row in rows] == [50_000]


HEADERS = {
    "it fits": (b"id,item,amount,sold\n1", []),
    "case, blanks and quotes": (b'\xef\xbb\xbf\r\n"ID", Item ,amount,sold', []),
    "no records": (b"\n \n", []),
    "another order": (b"item,id,amount,sold\n", ["its columns are in another order"]),
    "others": (
        b"id,item,price,", ["no column 'amount'", "no column 'sold'", "unknown column 'price'",
                            "unknown column ''"],
    ),
    "no header": (b"1,2,3,4\n", "names no column of the source (1,2,3)"),
    "a name twice": (b"id,item,Id\n", "names the column 'id' twice"),
    "a torn quote": (b'id,"item\n1,2', "quotes of its header are not closed"),
    "no text": (b"id,\xff\n", "no text in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_is_held_against_its_source(header: str) -> None:
    content, expected = HEADERS[header]
    of = source(Csv())
    try:
        faults = header_faults(header_of(io.BytesIO(content), "a.csv", of), of)
    except UnreadableError as error:
        assert isinstance(expected, str)
        assert expected in str(error)
    else:
        assert faults == expected


def test_a_header_longer_than_what_is_read_at_first_is_read_whole() -> None:
    names = [f"column{at}" for at in range(10_000)]
    content = ",".join(names).encode() + b"\n1,2\n"
    assert header_of(io.BytesIO(content), "a.csv", source(Csv())) == tuple(names)
    with pytest.raises(UnreadableError, match="does not end"):
        header_of(io.BytesIO(b"x" * 2_000_000), "a.csv", source(Csv()))


def test_a_torn_quote_is_looked_no_farther_than_a_cell_can_be() -> None:
    lines = ["id,item,amount,sold", '1,"torn', *(f"{at},a,1," for at in range(3_000)), '9,b",1,']
    read_file = file_reader(source(Csv(multiline=True)))
    assert [text for text, _ in read_file("\n".join(lines).encode())] == lines
