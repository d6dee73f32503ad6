"""What pages import, and what import-linter says of it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMAND = "from importlinter.cli import lint_imports_command as run; run()"


def linted(source: Path, contracts: Path) -> tuple[int, str]:
    """What import-linter says of the packages in a folder: its exit code and its words.

    `contracts` is the page that holds them under `[tool.importlinter]`.
    """
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "--no-cache", "--no-logo", f"--config={contracts}"],
        cwd=source,
        env={"PYTHONPATH": str(source), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def imports(page: Path, when_read: bool = False) -> Iterator[tuple[str, int]]:
    """The modules that a page imports, and their lines; `when_read` leaves out what comes later."""
    todo: list[ast.AST] = [ast.parse(page.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if when_read and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if when_read and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        todo += ast.iter_child_nodes(node)
