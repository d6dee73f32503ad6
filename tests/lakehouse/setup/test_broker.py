"""A broker of one node: its topics stay, and what keeps it from starting is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.ingest.topics import TopicWriter
from lakehouse.setup import broker as page
from lakehouse.setup.broker import broker, fetch


def test_topics_stay_when_a_broker_ends(tmp_path: Path) -> None:
    fetch()
    for number in ("1", "2"):
        with (
            broker(tmp_path / "a folder") as address,
            TopicWriter(KafkaSettings(servers=address), "till", ["sales"]) as writer,
        ):
            assert writer.position("sales") == ("" if number == "1" else "1")
            writer.send("sales", "{}", None, 0)
            writer.commit({"sales": number})


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LakehouseError, match="something listens there"), broker(tmp_path, port):
            pass


def test_why_it_did_not_start_is_told_from_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sh", "-c", "echo 'Error: no room left'; exit 1"]
    monkeypatch.setattr(page, "_command", lambda *_: words)
    with (
        pytest.raises(LakehouseError, match="did not start: Error: no room left"),
        broker(tmp_path),
    ):
        pass
