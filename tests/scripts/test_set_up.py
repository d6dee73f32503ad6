"""The files that set-up reads: nothing in them is loose, or of one machine only."""

import re
import subprocess

import pytest
from tests.checkout import ROOT

PINS = ["src/lakehouse/setup/constraints.txt", "scripts/airflow-constraints.txt"]


@pytest.mark.parametrize("page", PINS)
def test_every_dependency_is_pinned_and_no_index_is_named(page):
    lines = (ROOT / page).read_text("utf-8").splitlines()

    assert len(lines) > 100
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ;]+( ; .+)?", line), line


def test_help_lists_every_target():
    rules = re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "run" in rules
    for rule in rules:
        assert re.search(rf"^  make {rule} +\S", listed.stdout, re.MULTILINE), rule


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_plain_shell(script):
    """What a macOS or an Alpine `sh` does not know is not used."""
    subprocess.run(["sh", "-n", script], check=True)
    text = script.read_text("utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert not re.search(
        r"\[\[|\bfunction\b|<\(|readlink -f|sed -i|^\s*source\b", text, re.MULTILINE
    )
