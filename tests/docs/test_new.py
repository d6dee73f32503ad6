"""The page on a project of one's own is true: who does what it shows sees what it shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.docs.walkthrough import Walk, changed, commands

from lakehouse.ship.engine import engine_wheel

PAGE = ROOT / "docs" / "new.md"


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """A folder outside any checkout with the engine's wheel in it; Python and uv are installed."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("uv", "uvx"):
        (tools / tool).symlink_to(Path(sys.prefix) / "bin" / tool)
    folder = tmp_path / "a folder"
    folder.mkdir()
    wheel = engine_wheel()
    (folder / wheel.file).write_bytes(wheel.content)
    python = Path(sys._base_executable).parent  # type: ignore[attr-defined]
    return Walk(folder, (str(tools), str(python)), {"LAKEHOUSE_SPARK__HEAP": "2g"})


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_project_of_one_s_own_from_a_file_to_a_rebuilt_table(walk: Walk) -> None:
    walk.through(PAGE.read_text(encoding="utf-8"))
    assert walk.folder.name == "gifts"
    assert not [page for page in walk.folder.rglob("*.y*ml") if str(ROOT) in page.read_text()]


def test_what_a_command_prints_otherwise_or_its_failure_is_noticed(walk: Walk) -> None:
    walk.calls("echo one; echo two", "one\ntwo\n")
    walk.calls("echo one; echo two; echo three", "one\n...\nthree\n")
    walk.calls("echo '✗ no'; false", "✗ no\n")
    for command, printed in [("echo one", "two\n"), ("false", ""), ("true", "✗ no\n")]:
        with pytest.raises(AssertionError):
            walk.calls(command, printed)


def test_a_page_writes_files_and_moves_about(walk: Walk) -> None:
    walk.through(
        '```sh title="a.sh"\nX=1\nexport X\n```\n\n```console\n$ mkdir b\n$ mv a.sh b/\n$ cd b\n'
        '$ . ./a.sh\n$ echo "$X"\n1\n```\n\n```diff title="a.sh"\n-X=1\n+X=2\n export X\n```\n\n'
        '```console\n$ echo "$X"\n2\n```\n'
    )
    assert walk.folder.name == "b"


def test_a_change_must_fit() -> None:
    text = "a\nb\nc\nb\n"
    assert changed(text, " a\n-b\n+d\n@@\n-c\n") == "a\nd\nb\n"
    for diff in ("-b\n+d\n", "-e\n", "+e\n"):
        with pytest.raises(AssertionError, match="not there once"):
            changed(text, diff)


def test_commands_are_told_from_what_they_print() -> None:
    assert list(commands("$ a\none\ntwo\n$ b\n")) == [("a", "one\ntwo\n"), ("b", "")]
