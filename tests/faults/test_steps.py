"""Each named step is a function of the engine, and ends a process where it says."""

from __future__ import annotations

import importlib
import time
import types
from pathlib import Path
from typing import Any

import pytest
from tests.faults.steps import STEPS, Step, count_calls, strike_at

from lakehouse.lake import swap

ALL = {name: step for steps in STEPS.values() for name, step in steps.items()}


class EndedError(Exception):
    """Stands in for the end of a process."""


def end() -> None:
    raise EndedError


@pytest.mark.parametrize("name", ALL)
def test_the_engine_has_what_a_step_names(name: str) -> None:
    owner, function = ALL[name].find()
    assert callable(function) and function.__module__.startswith("lakehouse."), owner


def test_it_ends_before_or_after_the_nth_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(swap, "build_of", calls.append)
    strike_at(Step("lake.swap", "build_of", "before"), 3, end)
    for number in (1, 2):
        swap.build_of(number)  # type: ignore[arg-type]
    with pytest.raises(EndedError):
        swap.build_of(3)  # type: ignore[arg-type]
    assert calls == [1, 2]
    monkeypatch.setattr(swap, "build_of", calls.append)
    strike_at(Step("lake.swap", "build_of", "after"), 1, end)
    with pytest.raises(EndedError):
        swap.build_of(3)  # type: ignore[arg-type]
    assert calls == [1, 2, 3]


def test_it_ends_inside_once_a_data_file_has_content(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended: list[list[str]] = []
    folder = tmp_path / "silver.sales"

    def written(lake: Any, rows: Any, name: str) -> None:
        folder.mkdir()
        (folder / "part-0").touch()
        (folder / "part-0").write_text("rows")
        for _ in range(2_000):
            if ended:
                break
            time.sleep(0.005)
        (folder / "commit").touch()

    def note() -> None:
        ended.append([path.name for path in folder.iterdir()])

    monkeypatch.setattr("lakehouse.lake.write.save", written)
    strike_at(Step("lake.write", "save", "inside"), 1, note)
    write: Any = importlib.import_module("lakehouse.lake.write")
    place = types.SimpleNamespace(folder=lambda name: str(tmp_path / name))
    write.save(types.SimpleNamespace(place=place), None, "silver.sales")
    assert ended == [["part-0"]]


def test_steps_of_one_function_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "build_of", lambda commit: None)
    step = Step("lake.swap", "build_of", "before")
    counts = count_calls({"one": step, "other": step})
    swap.build_of(None)  # type: ignore[arg-type]
    assert counts == {"one": 1, "other": 1}
