"""The user's own Databricks CLI: found, called, and handed a deployment, never replaced."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.faults import Fault, Severity
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Place

_INSTALL = "Install it: https://docs.databricks.com/dev-tools/cli/install.html."
_CONFIGURE = (
    "Run `databricks auth login --host https://<workspace>`, or set DATABRICKS_HOST and a token."
)


@dataclass(frozen=True)
class CliOutput:
    """What the CLI printed, and its exit code."""

    code: int
    out: str
    err: str


def executable(environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of the CLI; raise LakehouseError with how to get it where there is none."""
    path = shutil.which("databricks", path=environment.get("PATH", ""))
    if path is None:
        raise LakehouseError("the Databricks CLI is not on the PATH", "databricks", _INSTALL)
    return path


def is_configured(bundle: Bundle, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the CLI knows a workspace: by the bundle, the environment or its own file."""
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
    """Return the arguments of a bundle command: target, variables, and what is `extra`."""
    options = [part for key, value in variables.items() for part in ("--var", f"{key}={value}")]
    return ["bundle", verb, "--target", bundle.target, *options, *extra]


def call(
    verb: str,
    bundle: Bundle,
    variables: Mapping[str, str],
    extra: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Let the CLI do a bundle command, with its own output; return its exit code.

    Raises LakehouseError where the CLI is not there or knows no workspace.
    """
    program = _ready(bundle, environment)
    process = subprocess.run(
        [program, *arguments(verb, bundle, variables, extra)], cwd=bundle.root, check=False
    )
    return process.returncode


def _ready(bundle: Bundle, environment: Mapping[str, str]) -> str:
    program = executable(environment)
    if not is_configured(bundle, environment):
        where = f"target {bundle.target}"
        raise LakehouseError("the Databricks CLI knows no workspace", where, _CONFIGURE)
    return program


def cli_faults(
    bundle: Bundle, variables: Mapping[str, str], environment: Mapping[str, str] = os.environ
) -> tuple[Fault, ...]:
    """Return the faults that the CLI's own validation finds.

    Raises LakehouseError where the CLI is not there or knows no workspace.
    """
    program = _ready(bundle, environment)
    process = subprocess.run(
        [program, *arguments("validate", bundle, variables, ("--output", "json"))],
        cwd=bundle.root,
        capture_output=True,
        text=True,
        check=False,
    )
    output = CliOutput(process.returncode, process.stdout, process.stderr)
    return faults_in(output, str(bundle.root))


def faults_in(output: CliOutput, where: str) -> tuple[Fault, ...]:
    """Return the `Error:` and `Warning:` paragraphs of the CLI as faults with their places."""
    faults: list[Fault] = []
    for paragraph in output.err.replace("\r", "").split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if not lines or not lines[0].startswith(("Error:", "Warning:")):
            continue
        kind, _, message = lines[0].partition(": ")
        places = [line.removeprefix("in ") for line in lines[1:] if line.startswith("in ")]
        place = _place(places[0]) if places else Place(where)
        severity: Severity = "error" if kind == "Error" else "warning"
        faults.append(Fault("databricks", message, place, severity=severity, verdict=severity))
    if output.code and not any(each.severity == "error" for each in faults):
        text = output.err.strip() or output.out.strip() or f"exit code {output.code}"
        faults.append(Fault("databricks", text.splitlines()[-1], Place(where), verdict="error"))
    return tuple(faults)


def _place(text: str) -> Place:
    file, _, rest = text.partition(":")
    line, _, column = rest.partition(":")
    return Place(file, int(line) if line.isdigit() else 1, int(column) if column.isdigit() else 1)
