"""The page about bundles names commands, options and fault codes that there are."""

from __future__ import annotations

import re

import pytest
from tests.checkout import ROOT
from typer.main import get_command

from lakehouse.cli.bundle import app

PAGE = (ROOT / "docs/bundles.md").read_text(encoding="utf-8")
CALLS = sorted({match[0].strip() for match in re.finditer(r"lakehouse bundle [^`|\n]+", PAGE)})
CODES = sorted(
    {
        code
        for row in re.findall(r"^\| ((?:`[a-z-]+` ?)+) \|", PAGE, re.MULTILINE)
        for code in re.findall(r"`([a-z-]+)`", row)
        if "-" in code or code in ("cron", "yaml", "outcome", "package", "trigger", "compute")
    }
)


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_understood(call: str):
    _, _, verb, *arguments = call.replace(" \\", "").split()
    commands = get_command(app).commands

    assert verb in commands
    with commands[verb].make_context(verb, arguments, resilient_parsing=False) as context:
        assert context.params["bundle"]


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_one_that_is_reported(code: str):
    sources = (ROOT / "src/lakehouse/bundle").rglob("*.py")

    assert any(f'"{code}"' in path.read_text(encoding="utf-8") for path in sources)


def test_the_page_names_calls_and_codes():
    assert len(CALLS) > 5
    assert len(CODES) > 10
