"""What the recorded year lands, and when."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from lakehouse import LakehouseError
from lakehouse.ingest.landing import land
from retail.replay import deliveries


def test_a_later_day_lands_only_what_is_new(tmp_path: Path) -> None:
    first = land(deliveries("2017-01-02"), tmp_path)
    assert first == {
        "products": 1, "households": 1, "campaigns": 1, "mailings": 1, "coupons": 1,
        "promotions": 2, "baskets": 2, "redemptions": 2, "clicks": 2,
    }  # fmt: skip
    assert land(deliveries("2017-01-02"), tmp_path) == {}
    assert land(deliveries("2017-01-03"), tmp_path) == {
        "baskets": 1, "redemptions": 1, "clicks": 1,
    }  # fmt: skip


def test_a_file_holds_its_day_and_arrives_when_the_day_is_over(tmp_path: Path) -> None:
    land(deliveries("2017-01-01"), tmp_path)
    day = tmp_path / "baskets" / "baskets-2017-01-01.jsonl"
    lines = [json.loads(line) for line in day.read_text().splitlines()]
    assert len(lines) == 3722
    assert {line["week"] for line in lines} == {1}
    assert min(line["transaction_timestamp"] for line in lines) == "2017-01-01T11:53:26Z"
    arrived = datetime.fromtimestamp(day.stat().st_mtime, timezone.utc)
    assert arrived == datetime(2017, 1, 2, 5, tzinfo=timezone.utc)  # midnight in New York


@pytest.mark.parametrize("day", ["soon", "2017-02-30", "2016-12-31"])
def test_a_day_that_is_none_is_refused_by_name(day: str) -> None:
    with pytest.raises(LakehouseError, match=day):
        list(deliveries(day))


def test_the_files_of_clicks_say_that_they_are_simulated(tmp_path: Path) -> None:
    land(deliveries("2017-01-02"), tmp_path)
    pages = sorted((tmp_path / "clicks").iterdir())
    assert [page.name for page in pages] == [
        "simulated-clicks-2017-01-01.jsonl", "simulated-clicks-2017-01-02.jsonl",
    ]  # fmt: skip
    for page in pages:
        lines = [json.loads(line) for line in page.read_text().splitlines()]
        assert len(lines) > 500
        arrived = datetime.fromtimestamp(page.stat().st_mtime, timezone.utc)
        assert all(
            datetime.fromisoformat(line["sent_at"][:-1] + "+00:00") < arrived for line in lines
        )
