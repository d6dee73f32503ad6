"""The files of a new project: texts of the template, with a plan's names in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lakehouse.new.plan import SUFFIX, Plan

TEMPLATE = Path(__file__).parent / "template"
TOKEN = "new_project"
"""Stands for the project's name in the template, in texts and in paths."""

HIDDEN = "dot_"
"""Begins the names of files that begin with a dot: tools pass those by, where they lie here."""

JINJA = ".jinja"
"""Ends the names of pages that tools would take for their own as they stand here."""

WORKFLOWS = {"dot_github": "github", "dot_gitlab-ci.yml": "gitlab", "azure-pipelines.yml": "azure"}
"""Which files are only for whom."""

_LANGUAGE = Environment(
    block_start_string="[%",
    block_end_string="%]",
    variable_start_string="[[",
    variable_end_string="]]",
    comment_start_string="[#",
    comment_end_string="#]",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
    autoescape=False,
)
"""Jinja, by other signs than those of Databricks' bundles and of workflows."""


def project_files(name: str, plan: Plan, engine: str) -> Iterator[tuple[Path, str]]:
    """The files of a project of this name, for a version of the engine: their paths in the
    project's folder, and their texts."""
    plan.check()
    facts = _facts(name, plan, engine)
    for page in sorted(TEMPLATE.rglob("*")):
        first = page.relative_to(TEMPLATE).parts[0]
        if not page.is_file() or WORKFLOWS.get(first, plan.ci) != plan.ci:
            continue
        path = str(page.relative_to(TEMPLATE)).removesuffix(JINJA).replace(TOKEN, name)
        path = path.replace("SOURCE", plan.source).replace("ENTITY", plan.noun)
        text = _LANGUAGE.from_string(page.read_text(encoding="utf-8")).render(facts)
        text = text.replace(TOKEN, name)
        is_python = path.endswith(".py")
        parts = (part.replace(HIDDEN, ".", 1) for part in Path(path).parts)
        yield Path(*parts), _in_form(text) if is_python else text


def _facts(name: str, plan: Plan, engine: str) -> dict[str, object]:
    key, entity, time = (plan.field(role) for role in ("key", "entity", "time"))
    major, minor, *_ = engine.split(".")
    return {
        "name": name,
        "distribution": name.replace("_", "-"),
        "engine": f"{major}.{minor}",
        "source": plan.source,
        "kind": plan.kind,
        "suffix": SUFFIX[plan.kind],
        "fields": plan.fields,
        "noun": plan.noun,
        "key": key.column,
        "entity": entity.column,
        "time": time.column,
        "time_value": time.value,
        "key_raw": _text(plan.key),
        "entity_raw": _text(plan.entity),
        "time_raw": _text(plan.time),
        "ci": plan.ci,
        "delimiter": plan.delimiter,
        "encoding": plan.encoding,
        "options": f"Csv(delimiter={_text(plan.delimiter)})" if plan.delimiter != "," else "",
    }


def _text(value: str) -> str:
    """A text as Python's source."""
    return json.dumps(value, ensure_ascii=False)


def _in_form(text: str) -> str:
    """The imports of a page in the order of their modules: the new names may come anywhere."""
    statements: list[str] = []
    for line in text.splitlines():
        last = statements[-1] if statements else ""
        if last.startswith("from ") and last.endswith(("(", ",")):  # it goes on in parentheses
            statements[-1] += f"\n{line}"
        else:
            statements.append(line)
    ordered: list[str] = []
    for are_imports, run in groupby(statements, lambda each: each.startswith("from ")):
        block = list(run)
        ordered += sorted(block, key=lambda each: each.split()[1]) if are_imports else block
    return "\n".join(ordered) + "\n"
