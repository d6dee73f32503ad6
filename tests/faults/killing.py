"""Starting a process that works at a lake, and killing it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

from tests.checkout import ROOT
from tests.faults.plan import Blow
from tests.faults.steps import ANY_MOMENT
from tests.faults.ways import AT_REST, Way

PATIENCE = 240
"""Seconds that a process may take to begin, and to reach its end or its step."""


@dataclass(frozen=True)
class Usual:
    """An undisturbed run: how long it takes once it has begun, how often it reaches each step."""

    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Ended:
    """How a process ended: killed, or before that. `step`: where it was; `fault`: what it said, if
    it failed by itself."""

    was_killed: bool
    step: str = ""
    fault: str = ""
    usual: Usual = Usual()


def run(
    way: Way,
    kind: str,
    blow: Blow | None = None,
    usual: Usual | None = None,
    then: Callable[[], None] | None = None,
    heap: str = "1g",
    patience: float = PATIENCE,
) -> Ended:
    """Works at a lake in a process of its own until it is done, or has had its blow.

    `usual`: how a run takes its course that nobody kills; `then` is called while it is at work;
    `patience`: the seconds that it may take.
    """
    usual = usual or Usual()
    way.home.mkdir(parents=True, exist_ok=True)
    log = way.home / "victim.log"
    process = _started({**_told(way, kind, blow, usual), "heap": heap}, log)
    assert process.stdout is not None
    late: list[str] = []

    def give_up() -> None:
        late.append(f"it did not end within {patience} s")
        _kill(process.pid)

    too_long = Timer(patience, give_up)
    too_long.start()
    at_work = Timer(usual.seconds * 0.3, then or (lambda: None))
    step = blow.step if blow else ""
    try:
        has_begun = process.stdout.readline() == "begun\n"
        at_work.start()
        if has_begun and blow and (seconds := _until(blow, usual)) is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            if process.poll() is None:
                step = ANY_MOMENT
                _kill(process.pid)
        answer = process.stdout.read()
        code = process.wait()
        at_work.join()
    finally:
        too_long.cancel()
        _kill(process.pid)
        _wait_until_gone(process.pid)
    if code == -signal.SIGKILL and has_begun and blow and not late:
        return Ended(True, step)
    if code != 0 or not has_begun:
        why = late[0] if late else f"it failed by itself ({code})"
        return Ended(False, fault=f"{why}: {log.read_text()[-1500:]}")
    return Ended(False, usual=Usual(**json.loads(answer)))


def _told(way: Way, kind: str, blow: Blow | None, usual: Usual) -> dict[str, Any]:
    """What the process is to do."""
    action = blow.action if blow else kind if kind in AT_REST else "refresh"
    strike = None
    if blow and blow.step != ANY_MOMENT:
        strike = {"step": blow.step, "nth": blow.nth(usual.counts.get(blow.step, 1))}
    settings = way.settings.model_dump(mode="json")
    return {"kind": kind, "settings": settings, "action": action, "strike": strike}


def _started(told: dict[str, Any], log: Path) -> subprocess.Popen[str]:
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim", json.dumps(told)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def _until(blow: Blow, usual: Usual) -> float | None:
    """Seconds after which the process is killed from here; None where it ends by itself, or kills
    itself."""
    if blow.step == ANY_MOMENT:
        return usual.seconds * blow.share
    return usual.seconds * 1.5 if blow.action == "keep" else None


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _wait_until_gone(group: int) -> None:
    """Waits until nothing of a group works any more: its Java is not our child."""
    for _ in range(200):
        listed = subprocess.run(
            ["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True
        )
        states = [line.split() for line in listed.stdout.splitlines()]
        if not any(int(pgid) == group and stat[0] != "Z" for pgid, stat in states):
            return
        time.sleep(0.05)
    raise AssertionError(f"the processes of group {group} do not end")
