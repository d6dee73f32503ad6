"""A terminal of a known width, and what stands on it."""

from __future__ import annotations

import io
import re

import pytest


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What was printed, line by line, without the codes that colour it."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue()).replace("\r", "\n")
        return [line.rstrip() for line in text.splitlines()]


def screen(monkeypatch: pytest.MonkeyPatch, width: int, height: int = 40) -> Screen:
    """A terminal of this size, whatever the one is that the tests are run in."""
    for name, value in {"COLUMNS": width, "LINES": height, "TERM": "xterm"}.items():
        monkeypatch.setenv(name, str(value))
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Screen()
