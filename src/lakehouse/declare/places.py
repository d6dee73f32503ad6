"""Where a project's pages declare what they declare: files and lines, for whoever mends them."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any, NamedTuple

from lakehouse.declare.select import Select


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        """The form that editors follow."""
        return f"{self.file}:{self.line}"


class Places:
    """Finds declarations in the pages of a package, as far as these were imported.

    A table or a model is a constant: its page is the one that assigns it, its parts are the
    arguments of the call there. What is put together otherwise is placed at its assignment.
    """

    def __init__(self, package: str) -> None:
        """The places of the package of this name."""
        self.package = package

    def of(self, value: object, part: str = "", text: str = "") -> Place:
        """The place of a declared value, of the argument `part` of its call, of `text` in that."""
        for module, name in self._names(value):
            page = _Page.of(module)
            call = page.assigned(name) if page else None
            if page and call:
                return Place(_shown(page.file), page.line(call, type(value), part, text))
        return self.start()

    def of_code(self, code: Callable[..., object], value: object, part: str) -> Place:
        """The place of a function of the package, or of the file of a SELECT; else of the argument
        that names it."""
        if isinstance(code, Select):
            return Place(_shown(str(code.path)))
        function = getattr(inspect.unwrap(code), "__code__", None)
        if function is None or not self._is_own(getattr(code, "__module__", None)):
            return self.of(value, part)
        return Place(_shown(function.co_filename), function.co_firstlineno)

    def of_error(self, error: BaseException) -> Place | None:
        """The last line of the package that an error came through; None where it came by none."""
        if isinstance(error, SyntaxError) and error.filename:
            return Place(_shown(error.filename), error.lineno or 1)
        own = [
            Place(_shown(frame.f_code.co_filename), line)
            for frame, line in walk_tb(error.__traceback__)
            if self._is_own(frame.f_globals.get("__name__"))
        ]
        return own[-1] if own else None

    def start(self, module: str = "") -> Place:
        """The first line of a page, or of the package."""
        page = sys.modules.get(module) or sys.modules.get(self.package)
        return Place(_shown(getattr(page, "__file__", None) or self.package))

    def _is_own(self, module: str | None) -> bool:
        return (module or "").split(".")[0] == self.package

    def _names(self, value: object) -> Iterator[tuple[ModuleType, str]]:
        """Where a value is bound to a name, or else to a field of what is, as a model's scores."""
        pages = [page for name, page in sorted(sys.modules.items()) if self._is_own(name)]
        bound = [(page, name, held) for page in pages for name, held in vars(page).items()]
        yield from ((page, name) for page, name, held in bound if held is value)
        for page, name, held in bound:
            if is_dataclass(held) and any(each is value for each in vars(held).values()):
                yield page, name


class _Page:
    """The text of a module, as a tree."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.tree = ast.parse(text)

    @staticmethod
    def of(module: ModuleType) -> _Page | None:
        """None where a module has no text."""
        file = module.__file__
        if not file or not file.endswith(".py") or not Path(file).is_file():
            return None
        return _Page(file, Path(file).read_text(encoding="utf-8"))

    def assigned(self, name: str) -> ast.Call | None:
        """The call whose result the page assigns to a name; None for a name that it imports."""
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
            named = any(isinstance(each, ast.Name) and each.id == name for each in targets)
            if named and isinstance(call := getattr(node, "value", None), ast.Call):
                return call
        return None

    def line(self, call: ast.Call, kind: type[Any], part: str, text: str) -> int:
        """The line of an argument of a call, or of the line in it that holds a text."""
        if part == "expect" and (rule := self._call_with(text)):
            return rule
        node = self._argument(call, kind, part)
        if node is None:
            return call.lineno
        word = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)") if text else None
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            if word and word.search(self.lines[number - 1]):
                return number
        return node.lineno

    def _call_with(self, text: str) -> int | None:
        """The line of the call that is given this very text, such as the name of a rule."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                given = [*node.args, *(each.value for each in node.keywords)]
                if any(isinstance(each, ast.Constant) and each.value == text for each in given):
                    return node.lineno
        return None

    def _argument(self, call: ast.Call, kind: type[Any], part: str) -> ast.expr | None:
        """An argument by its name. The schema of a bronze table is that of the page's source."""
        names = [field.name for field in fields(kind)]
        given = dict(zip(names, call.args, strict=False))
        given |= {each.arg: each.value for each in call.keywords if each.arg}
        if part in given and isinstance(call.func, ast.Name) and call.func.id == kind.__name__:
            return given[part]
        if part == "schema":
            for node in ast.walk(self.tree):
                if isinstance(node, ast.keyword) and node.arg == part:
                    return node.value
        return given.get(part)


def _shown(file: str) -> str:
    """A file as a person names it: from the current folder on, where it lies in that."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
