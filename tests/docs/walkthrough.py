"""A page of documentation that is walked through: the files that it shows are written, its changes
made, its commands called, and what it says that they print is looked for.

A block with a title is a file. One of the language `diff` changes a file that is there: the lines
that begin with a blank or `-` are looked for, `@@` begins another place. In a block of the language
`console` each line after `$` is a command, and the lines below are what it prints, on whichever
stream; `...` stands for anything, as in a doctest. A command fails where the page says so by a `✗`.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
ALIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def changed(text: str, diff: str) -> str:
    """A file's text with the changes of a diff; each place must be there once."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        old, new = (
            "".join(f"{line[1:]}\n" for line in lines if line[:1] in signs)
            for signs in ((" ", "-"), (" ", "+"))
        )
        if not old or text.count(old) != 1:
            raise AssertionError(f"this is not there once:\n{old}")
        text = text.replace(old, new)
    return text


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, and what each is said to print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


@dataclass
class Walk:
    """A person's shell, which begins in `folder`, with no more of this process than its network.

    `path` has the folders of what they have installed.
    """

    folder: Path
    path: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def through(self, page: str) -> None:
        """Does what a page shows, in order; raises AssertionError where it is otherwise."""
        for language, title, text in BLOCK.findall(page):
            if language == "console":
                for command, printed in commands(text):
                    self.calls(command, printed)
            elif title:
                file = self.folder / title
                text = changed(file.read_text("utf-8"), text) if language == "diff" else text
                file.write_text(text, "utf-8")

    def calls(self, command: str, printed: str) -> None:
        """Calls a command and holds what it prints against what was said."""
        if moved := re.fullmatch(r"cd (\S+)", command):
            self.folder /= moved[1]
            return
        if command.startswith(". "):  # it changes what later commands find
            self.said.append(command)
            return
        script = " && ".join([*self.said, command])
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        told = f"$ {command}\n{done.stdout}"
        assert (done.returncode != 0) == ("✗" in printed), f"exit code {done.returncode}: {told}"
        if printed:
            alike = doctest.OutputChecker().check_output(printed, done.stdout, ALIKE)
            assert alike, f"{told}\n--- and not ---\n{printed}"

    def environment(self) -> dict[str, str]:
        """What is set in the shell: nothing that leads to this checkout."""
        own = ("LAKEHOUSE_", "PYTHON", "SPARK_", "VIRTUAL_ENV", "PYTEST", "TEST_", "MAKE")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        here = str(Path(sys.prefix) / "bin")
        path = [each for each in kept.get("PATH", os.defpath).split(os.pathsep) if each != here]
        return {**kept, "PATH": os.pathsep.join([*self.path, *path]), **self.settings}
