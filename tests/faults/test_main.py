"""What the command plays, prints and ends with."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.faults import __main__ as command
from tests.faults.rounds import Outcome


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """The rounds that are played: each kills three times, and the second one of `kafka` differs."""
    rounds: list[tuple[str, int]] = []

    class Bench:
        def __init__(self, *given: Any) -> None:
            self.folder = given[0]

        def round(self, kind: str, number: int, tell: Any) -> Outcome:
            rounds.append((kind, number))
            found = ["silver.sales: 1 rows lost"] if (kind, number) == ("kafka", 1) else []
            return Outcome(kind, number, Counter({"any moment": 3}), differences=found)

    monkeypatch.setattr(command, "Bench", Bench)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return rounds


def test_rounds_of_each_kind_come_in_turn_until_there_were_enough_kills(
    played: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--only", "files,stream", "--kills", "8"]) == 0
    assert played == [("files", 0), ("stream", 0), ("files", 1)]
    assert "all          3      9" in capsys.readouterr().out


def test_a_round_that_differs_ends_with_1_and_the_command_that_repeats_it(
    played: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--seed", "5", "--only", "kafka", "--first", "1", "--kills", "1"]) == 1
    out = capsys.readouterr().out
    assert "kafka, round 1: silver.sales: 1 rows lost" in out
    assert 'make faults ARGS="--seed 5 --only kafka --round 1"' in out
    played.clear()
    assert command.main(["--seed", "5", "--only", "kafka", "--round", "1"]) == 1
    assert played == [("kafka", 1)]


def test_what_there_is_not_is_refused_with_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--only", "kafak"]) == 2
    assert "kafak: files," in capsys.readouterr().err
