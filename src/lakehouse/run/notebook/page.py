"""A notebook that ran, as one HTML page: no script, nothing to load, good on paper too."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.run.notebook.outputs import Html, Markdown, Output, Picture, Table, Text
from lakehouse.run.notebook.source import NO_CODE
from lakehouse.run.notebook.style import STYLE

if TYPE_CHECKING:
    from lakehouse.run.notebook.cell_run import CellRun
    from lakehouse.run.notebook.context import NotebookContext

LONG = 60
"""Signs from which on a text in a table may be broken into lines."""

_LEXERS = {"python": "python", "sql": "sql", "sh": "bash"}
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def write(notebook: NotebookContext, path: Path) -> None:
    """Write the page whole; a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(render(notebook), "utf-8")
    part.replace(path)


def render(notebook: NotebookContext) -> str:
    """The page as text."""
    heading = _heading(notebook)
    body = "\n".join(_cell(notebook, run) for run in notebook.cell_runs)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n<style>{_colours()}\n{STYLE}</style></head>\n"
        f"<body><main>\n{_header(notebook)}\n{body}\n</main></body></html>\n"
    )


def _heading(notebook: NotebookContext) -> str:
    """The first heading of the notebook, else the name of its file."""
    for run in notebook.cell_runs:
        if run.cell.kind == "md" and (title := re.search(r"^#+\s+(.+)$", run.cell.text, re.M)):
            return title[1].strip()
    return notebook.notebook.path.stem


def _header(notebook: NotebookContext) -> str:
    """What ran, when, how long, with which values, and how it ended."""
    failed = next((run for run in notebook.cell_runs if run.failure is not None), None)
    stopped = any(run.state == "stopped" for run in notebook.cell_runs)
    word = "failed" if failed else "stopped" if stopped else "succeeded"
    facts = [
        f'<b class="{word}">{word}</b>',
        escape(notebook.notebook.path.name),
        f"{notebook.begun:%Y-%m-%d %H:%M} UTC",
        f"{notebook.seconds:.1f} s",
    ]
    lines = [f'<p class="facts">{" · ".join(facts)}</p>']
    if values := notebook.widgets.getAll():
        parameters = (
            f"<dt>{escape(name)}</dt><dd>{escape(notebook.dbutils.secrets.hidden(value))}</dd>"
            for name, value in sorted(values.items())
            if value
        )
        lines.append(f"<dl>{''.join(parameters)}</dl>")
    if failed is not None and failed.failure is not None:
        number = notebook.cell_runs.index(failed)
        lines.append(
            f'<p class="error"><a href="#cell-{number}">{escape(failed.failure.place)}</a>: '
            f"{escape(notebook.dbutils.secrets.hidden(failed.failure.what))}</p>"
        )
    if notebook.value is not None:
        lines.append(f"<p>It ended with <code>{escape(notebook.value)}</code></p>")
    return f"<header>{''.join(lines)}</header>"


def _cell(notebook: NotebookContext, run: CellRun) -> str:
    """One cell: its title, its code with the file's line numbers, and what it shows."""
    number = notebook.cell_runs.index(run)
    parts = []
    if run.cell.kind not in NO_CODE:
        title = escape(" · ".join(filter(None, (run.inside, run.cell.title))))
        took = f"{run.seconds:.1f} s" if run.seconds >= 0.05 else ""
        state = {"left out": "not run", "stopped": "stopped here"}.get(run.state, "")
        if title or took or state:
            right = escape(" · ".join(filter(None, (state, took))))
            parts.append(f'<p class="title"><span>{title}</span><span>{right}</span></p>')
        parts.append(_code(run))
    if run.cell.kind in NO_CODE and not run.outputs:
        parts.append(_output(notebook, Markdown(run.cell.text)))  # words after a cell that failed
    parts += [_output(notebook, each) for each in run.outputs]
    if run.failure is not None:
        parts.append(_failure(notebook, run))
    kind = "words" if run.cell.kind in NO_CODE else "code"
    return f'<section id="cell-{number}" class="{kind} {run.state.replace(" ", "-")}">' + (
        "\n".join(parts) + "</section>"
    )


def _code(run: CellRun) -> str:
    cell = run.cell
    text = cell.text if cell.kind in ("python", "sql") else f"%{cell.kind} {cell.text}"
    first, text = _without_blank(cell.line, text)
    wrong = run.failure.line if run.failure is not None else None
    lines = [
        f'<span class="line{" wrong" if at == wrong else ""}" data-n="{at}">{line}\n</span>'
        for at, line in enumerate(_highlighted(text, cell.kind).split("\n"), first)
    ]
    mark = '<span class="language">SQL</span>' if cell.kind == "sql" else ""
    return f'<div class="source">{mark}<pre>{"".join(lines)}</pre></div>'


def _without_blank(line: int, text: str) -> tuple[int, str]:
    """A text without the blank lines around it, and the number of its first line."""
    bare = text.lstrip("\n")
    return line + len(text) - len(bare), bare.rstrip()


def _highlighted(text: str, kind: str) -> str:
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    lexer = get_lexer_by_name(_LEXERS.get(kind, "text"), stripnl=False, ensurenl=False)
    return str(highlight(text, lexer, HtmlFormatter(nowrap=True))).rstrip("\n")


@lru_cache
def _colours() -> str:
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(style="friendly").get_style_defs(".source"))


def _output(notebook: NotebookContext, output: Output) -> str:
    hidden: Callable[[str], str] = notebook.dbutils.secrets.hidden
    match output:
        case Text():
            kind = "text warn" if output.error else "text"
            text = "\n".join(_last_of(line) for line in _ANSI.sub("", output.text).split("\n"))
            return f'<pre class="{kind}">{escape(hidden(text.rstrip()))}</pre>'
        case Table():
            return hidden(_table(output))
        case Picture():
            data = base64.b64encode(output.png).decode("ascii")
            width = int.from_bytes(output.png[16:20], "big") * 2 // 3  # sharp on dense screens too
            return f'<img alt="plot" width="{width}" src="data:image/png;base64,{data}">'
        case Html():  # a tree of its own: its styles stay inside
            return (
                '<div class="html"><template shadowrootmode="open">'
                f"{hidden(output.html)}</template></div>"
            )
        case Markdown():
            return f'<div class="markdown">{_markdown(output.text)}</div>'


def _last_of(line: str) -> str:
    """What stands on a line that was written over, as progress bars do."""
    return line.rstrip("\r").rpartition("\r")[2]


def _table(table: Table) -> str:
    classes = [' class="right"' if right else "" for right in table.right]
    head = "".join(
        f"<th{kind}>{escape(name)}</th>" for name, kind in zip(table.columns, classes, strict=True)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(_value(text, kind) for text, kind in zip(row, classes, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="table"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>'
        f'</div><p class="note">{table.note}</p>'
    )


def _value(text: str, kind: str) -> str:
    kind = kind or (' class="long"' if len(text) > LONG else "")
    return f"<td{kind}>{escape(text)}</td>"


@lru_cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable("table")


def _markdown(text: str) -> str:
    return str(_parser().render(text))


def _failure(notebook: NotebookContext, run: CellRun) -> str:
    failure = run.failure
    if failure is None:
        return ""
    hidden = notebook.dbutils.secrets.hidden
    error = f'<p class="error"><b>{escape(failure.place)}</b>: {escape(hidden(failure.what))}</p>'
    if not failure.trace:
        return error
    trace = escape(hidden(failure.trace.rstrip()))
    return f"{error}<details><summary>Trace</summary><pre>{trace}</pre></details>"
