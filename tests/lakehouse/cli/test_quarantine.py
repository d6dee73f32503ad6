"""`lakehouse quarantine`: what waits and why, without Spark."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from typer.testing import Result

Call = Callable[..., Result]
AT = datetime(2017, 1, 2, 9, tzinfo=timezone.utc)
ASIDE = pa.table(
    {
        "table": ["silver.sold"] * 3 + ["gold.totals"],
        "query": ["q"] * 4,
        "batch": [0, 0, 1, 0],
        "rules": [
            ["a sale has a number"],
            ["a sale has a number", "a sale has a day"],
            ["a sale has a number"],
            ["a total is above zero"],
        ],
        "row": ['{"note":"x"}', "{}", "{}", '{"amount":0}'],
        "record": ['{"note": "x"}', "no line", "no line", None],
        "quarantined_at": pa.array([AT] * 4, pa.timestamp("us", tz="UTC")),
        "release": pa.array([None, None, 1, None], pa.int64()),
    }
)


@pytest.fixture
def aside(tmp_path: Path) -> str:
    """A setting: a lake with four rows in quarantine, one of them let out."""
    write_deltalake(str(tmp_path / "ops" / "quarantine"), ASIDE)
    return f"lake.root={tmp_path}"


def test_rows_are_counted_by_table_and_rule(call: Call, aside: str) -> None:
    done = call("quarantine", "list", "--set", aside, "--output", "json")
    assert [
        (each["table"], each["rule"], each["waiting"], each["released"])
        for each in json.loads(done.stdout)
    ] == [
        ("gold.totals", "a total is above zero", 1, 0),
        ("silver.sold", "a sale has a day", 1, 0),
        ("silver.sold", "a sale has a number", 2, 1),
    ]
    told = call("quarantine", "list", "silver.sold", "--set", aside)
    assert told.stderr == "2 rows wait; a row that breaks several rules is in each\n"
    assert "gold.totals" not in told.stdout


def test_rows_that_wait_are_shown_with_what_they_break(call: Call, aside: str) -> None:
    done = call("quarantine", "show", "silver.sold", "--set", aside, "--output", "json")
    assert json.loads(done.stdout) == [
        {
            "batch": 0,
            "broken rules": "a sale has a number",
            "row": '{"note":"x"}',
            "record": '{"note": "x"}',
        },
        {
            "batch": 0,
            "broken rules": "a sale has a number; a sale has a day",
            "row": "{}",
            "record": "no line",
        },
    ]
    one = call("quarantine", "show", "silver.sold", "--set", aside, "--limit", "1", "-o", "csv")
    assert len(one.stdout.splitlines()) == 2


def test_an_unknown_rule_names_the_nearest(call: Call, aside: str) -> None:
    rule = ("--rule", "a sale has no number")
    done = call("quarantine", "show", "silver.sold", *rule, "--set", aside)
    assert "Did you mean 'a sale has a number'?" in done.stderr
    assert done.exit_code == 1


def test_a_rule_of_the_lake_itself_is_known_where_a_record_breaks_it(
    call: Call, tmp_path: Path
) -> None:
    row = '{"file":"a.jsonl","encoding":"UTF-8","bytes":"/w=="}'
    own = ASIDE.slice(0, 1).to_pylist()[0]
    own |= {"rules": ["a record can be decoded"], "row": row, "record": None}
    write_deltalake(
        str(tmp_path / "ops" / "quarantine"), pa.Table.from_pylist([own], schema=ASIDE.schema)
    )
    rule = ("--rule", "a record can be decoded", "--set", f"lake.root={tmp_path}", "-o", "json")
    (found,) = json.loads(call("quarantine", "show", "silver.sold", *rule).stdout)
    assert (found["row"], found["record"]) == (row, None)
    assert call("quarantine", "show", "gold.totals", *rule).exit_code == 1


def test_an_empty_quarantine_says_so(call: Call, tmp_path: Path) -> None:
    done = call("quarantine", "show", "silver.sold", "--set", f"lake.root={tmp_path}")
    assert (done.stdout, done.stderr) == ("", "no row of silver.sold waits in quarantine\n")
