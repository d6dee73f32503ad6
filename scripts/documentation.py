"""Builds or serves the documentation as a site: python scripts/documentation.py build|serve.

The site has the pages of the repository in the folders where they are, laid out in build/docs: the
README, docs/ and each source file or folder that one of them links to, as a page of its own. So
the same link holds in the repository and in the site. Diagrams become pictures; the table of
settings is made from the code.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from lakehouse.base import settings

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
PAGES = BUILD / "docs"
ADDRESS = "127.0.0.1:8000"
TOOL = [sys.executable, "-m", "zensical"]

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = "<!-- settings -->"
"""Where the page of settings has their table."""


def main(command: str = "build") -> int:
    """Lays the pages out, then builds or serves them; a link that leads nowhere is an error."""
    if command not in ("build", "serve"):
        print(f"{command!r} is unknown: build or serve", file=sys.stderr)
        return 2
    lay_out(PAGES)
    if command == "serve":
        return _serve()
    return subprocess.call([*TOOL, "build", "--strict", "--clean"], cwd=ROOT)


def _serve() -> int:
    """Serves the pages on loopback, and lays them out anew when one of them changes."""
    server = subprocess.Popen([*TOOL, "serve", "--dev-addr", ADDRESS], cwd=ROOT)
    before = _changed_at()
    try:
        while server.poll() is None:
            time.sleep(1)
            if (now := _changed_at()) != before:
                before = now
                lay_out(PAGES)
    except KeyboardInterrupt:
        server.terminate()
    return server.wait()


def _changed_at() -> float:
    return max(
        page.stat().st_mtime for page in (*written(), ROOT / "src/lakehouse/base/settings.py")
    )


def written() -> list[Path]:
    """The pages that are written by hand."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def lay_out(folder: Path) -> None:
    """Writes every page of the site below `folder`, and only those that have changed."""
    pages = dict(_pages())
    pages["docs/site.css"] = (ROOT / "docs/site.css").read_text(encoding="utf-8")
    for old in folder.rglob("*"):
        if old.is_file() and old.relative_to(folder).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        page = folder / name
        if not page.is_file() or page.read_text(encoding="utf-8") != text:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")


def _pages() -> Iterator[tuple[str, str]]:
    """Each page and picture, by its name in the site."""
    shown: set[Path] = set()
    for page in written():
        name = page.relative_to(ROOT).as_posix()
        text = page.read_text(encoding="utf-8").replace(SETTINGS, settings_table())
        for number, diagram in enumerate(DIAGRAM.findall(text), 1):
            picture = f"{page.stem}-{number}.svg"
            drawn = svg(diagram)
            yield f"{name.rpartition('/')[0]}/{picture}".lstrip("/"), drawn
            text = text.replace(f"```mermaid\n{diagram}```", shown_as(picture, drawn))
        shown |= {page.parent / path for path, _ in LINK.findall(text)}
        yield name, LINK.sub(lambda link, at=page.parent: _link(link, at), text)
    for path in sorted({Path(os.path.normpath(path)) for path in shown}):
        yield from _source(path)


def _link(link: re.Match[str], folder: Path) -> str:
    """A link to a source file or a folder leads to the page that shows it."""
    path, place = link[1], link[2] or ""
    target = folder / path
    if target.is_dir():
        path = f"{path.rstrip('/')}/index.md"
    elif target.is_file() and target.suffix not in (".md", ".svg"):
        path += ".md"
    return f"]({path}{place})"


def _source(path: Path) -> Iterator[tuple[str, str]]:
    """The page of a file, or of a folder and of each Python file in it."""
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        files = sorted(each for each in path.rglob("*.py") if each.stat().st_size)
        names = [each.relative_to(path).as_posix() for each in files]
        lines = "".join(f"- [`{each}`]({each}.md)\n" for each in names)
        yield f"{name}/index.md", f"{UNSOUGHT}# {name}\n\n{lines}"
        for each in files:
            yield from _source(each)
    elif path.is_file() and path.suffix != ".md":
        code = path.read_text(encoding="utf-8")
        yield f"{name}.md", f"{UNSOUGHT}# {name}\n\n~~~~ {path.suffix[1:]}\n{code}~~~~\n"


LOOK = '%%{init: {"theme": "neutral"}}%%'
LEAST = 680
"""The least width of a diagram in pixels, if it is not narrower itself: a phone scrolls it."""

UNSOUGHT = "---\nsearch: {exclude: true}\n---\n\n"


def svg(diagram: str) -> str:
    """A Mermaid diagram as a picture."""
    import mmdr

    return str(mmdr.render(f"{LOOK}\n{diagram}").svg())


def shown_as(picture: str, drawn: str) -> str:
    """A picture as wide as the text, which leads to itself at its own size."""
    found = re.search(r'viewBox="\S+ \S+ ([\d.]+)', drawn)
    width = int(float(found[1])) if found else LEAST
    style = f"min-width: {min(width, LEAST)}px"
    image = f'![diagram]({picture}){{width="{width}" style="{style}"}}'
    return f'<div class="diagram" markdown>\n[{image}]({picture})\n</div>'


def settings_table() -> str:
    """Every setting with its default and its meaning, as a table of Markdown."""
    head = "| setting | default | meaning |\n|---|---|---|\n"
    return head + "".join(
        f"| `{key}` | {default} | {meaning} |\n" for key, default, meaning in settings_of()
    )


def settings_of(
    page: type[BaseModel] = settings.Settings, under: str = ""
) -> Iterator[tuple[str, str, str]]:
    """The dotted key, the default and the meaning of every setting, in order."""
    meanings = _meanings(page)
    for name, field in page.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{under}{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        text = "required" if default is PydanticUndefined else f"`{_plain(default)}`"
        yield f"{under}{name}", text, " ".join(meanings.get(name, "").split())


def _plain(value: object) -> str:
    """A value as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def _meanings(page: type[BaseModel]) -> dict[str, str]:
    """The docstrings that stand below the fields of a class."""
    body = ast.parse(inspect.getsource(page)).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: text.value.value
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
