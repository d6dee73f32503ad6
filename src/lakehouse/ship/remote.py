"""The user's own Databricks CLI: found, asked, and handed a deployment, never replaced."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Place

_INSTALL = "Install it: https://docs.databricks.com/dev-tools/cli/install.html."
_CONFIGURE = (
    "Run `databricks auth login --host https://<workspace>`, or set DATABRICKS_HOST and a token."
)


@dataclass(frozen=True)
class Said:
    """What the CLI answered."""

    code: int
    out: str
    err: str


def command(environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of the CLI; raise LakehouseError with how to get it where there is none."""
    found = shutil.which("databricks", path=environment.get("PATH", ""))
    if found is None:
        raise LakehouseError("the Databricks CLI is not on the PATH", "databricks", _INSTALL)
    return found


def is_configured(bundle: Bundle, environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether the CLI knows a workspace: by the bundle, the environment or its own file."""
    workspace = bundle.data.get("workspace") or {}
    if workspace.get("host") or workspace.get("profile"):
        return True
    if environment.get("DATABRICKS_HOST") or environment.get("DATABRICKS_CONFIG_PROFILE"):
        return True
    home = environment.get("HOME", "")
    file = Path(environment.get("DATABRICKS_CONFIG_FILE") or Path(home) / ".databrickscfg")
    return file.is_file() and "host" in file.read_text(encoding="utf-8", errors="replace")


def arguments(
    verb: str, bundle: Bundle, variables: Mapping[str, str], extra: Sequence[str] = ()
) -> list[str]:
    """Return the arguments for a bundle command: target, variables, and what is `extra`."""
    given = [part for key, value in variables.items() for part in ("--var", f"{key}={value}")]
    return ["bundle", verb, "--target", bundle.target, *given, *extra]


def call(
    verb: str,
    bundle: Bundle,
    variables: Mapping[str, str],
    extra: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Hand a bundle command over to the CLI, which speaks for itself; return its exit code.

    Raises LakehouseError where the CLI is not there or knows no workspace.
    """
    program = _ready(bundle, environment)
    done = subprocess.run(
        [program, *arguments(verb, bundle, variables, extra)], cwd=bundle.root, check=False
    )
    return done.returncode


def _ready(bundle: Bundle, environment: Mapping[str, str]) -> str:
    program = command(environment)
    if not is_configured(bundle, environment):
        where = f"target {bundle.target}"
        raise LakehouseError("the Databricks CLI knows no workspace", where, _CONFIGURE)
    return program


def verdict(
    bundle: Bundle, variables: Mapping[str, str], environment: Mapping[str, str] = os.environ
) -> tuple[Fault, ...]:
    """Return what the CLI's own validation says, as faults; raise LakehouseError if it cannot."""
    program = _ready(bundle, environment)
    done = subprocess.run(
        [program, *arguments("validate", bundle, variables, ("--output", "json"))],
        cwd=bundle.root,
        capture_output=True,
        text=True,
        check=False,
    )
    return spoken(Said(done.returncode, done.stdout, done.stderr), str(bundle.root))


def spoken(said: Said, where: str) -> tuple[Fault, ...]:
    """Return the `Error:` and `Warning:` paragraphs of the CLI as faults with their places."""
    faults: list[Fault] = []
    for paragraph in said.err.replace("\r", "").split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if not lines or not lines[0].startswith(("Error:", "Warning:")):
            continue
        kind, _, message = lines[0].partition(": ")
        places = [line.removeprefix("in ") for line in lines[1:] if line.startswith("in ")]
        place = _place(places[0]) if places else Place(where)
        severity: str = kind.lower()
        faults.append(
            Fault(
                "databricks",
                message,
                place,
                severity="error" if severity == "error" else "warning",
            )
        )
    if said.code and not any(each.severity == "error" for each in faults):
        text = said.err.strip() or said.out.strip() or f"exit code {said.code}"
        faults.append(Fault("databricks", text.splitlines()[-1], Place(where)))
    return tuple(faults)


def _place(text: str) -> Place:
    file, _, rest = text.partition(":")
    line, _, column = rest.partition(":")
    return Place(file, int(line) if line.isdigit() else 1, int(column) if column.isdigit() else 1)


def as_json(faults: Sequence[Fault]) -> str:
    """Return faults as JSON for tools."""
    return json.dumps(
        [
            {
                "severity": each.severity,
                "code": each.code,
                "message": each.message,
                "hint": each.hint,
                "file": each.place.file,
                "line": each.place.line,
                "column": each.place.column,
                "path": each.path,
                "targets": list(each.targets),
            }
            for each in faults
        ],
        indent=1,
    )
