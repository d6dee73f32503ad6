"""A page of Python: where on it a function, a class or a name is written.

The source comes from what loaded the module, so that it is found in an archive as well. A function
is found on its page by what it compiles to: a page that was edited since it was imported says
nothing of the code that runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from types import CodeType
from typing import Any

from lakehouse.declare.code.syntax import (
    Function,
    Reference,
    bound,
    constant,
    mentions,
    references,
    text_of,
)

Node = ast.AST

_FAR = 1 << 24
"""Below the last line of any page."""
_OPTIMIZED, _HAS_DOCSTRING = 0x1, 0x4000000
"""Flags of code: that of a function; from Python 3.13 on, that of one with a docstring."""


class Page:
    """The parsed source of a module."""

    def __init__(self, source: str) -> None:
        """Parse and index. Raises SyntaxError, or ValueError, where it is no Python."""
        self.tree = ast.parse(source)
        self.imports = bound(self.tree.body)
        self._functions: dict[tuple[str, int], list[Node]] = {}
        self._classes: dict[str, list[Node]] = {}
        self._lines: dict[str, list[int]] = {}
        self._on_line: dict[int, dict[Node, set[str]]] = {}
        self._read: dict[Node, tuple[str, frozenset[Reference]]] = {}
        self._index(self.tree, "")
        for code in _codes(compile(self.tree, "<page>", "exec", dont_inherit=True)):
            self._lines.setdefault(bytecode(code), []).append(code.co_firstlineno)

    def _index(self, node: Node, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            below = prefix
            match child:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._functions.setdefault((child.name, first_line(child)), []).append(child)
                    below = f"{prefix}{child.name}.<locals>."
                case ast.Lambda():
                    self._functions.setdefault(("<lambda>", child.lineno), []).append(child)
                    below = f"{prefix}<lambda>.<locals>."
                case ast.ClassDef():
                    self._classes.setdefault(f"{prefix}{child.name}", []).append(child)
                    below = f"{prefix}{child.name}."
            self._index(child, below)

    def function(self, code: CodeType) -> Sequence[Node]:
        """Where a function is written; empty where nowhere.

        Of several lambdas on its line it is those that compile to the same.
        """
        text = bytecode(code)
        lines = self._lines.get(text, [])
        if not lines:
            return ()
        line = code.co_firstlineno if code.co_firstlineno in lines else lines[0]
        nodes = self._functions.get((code.co_name, line), [])
        if len(nodes) < 2:
            return nodes
        return [node for node in nodes if text in self._apart(line, nodes)[node]] or nodes

    def _apart(self, line: int, nodes: Sequence[Node]) -> dict[Node, set[str]]:
        """What each lambda of a line compiles to: on a copy of the page, on a line of its own."""
        if line not in self._on_line:
            copy: dict[int, Any] = {}
            tree = deepcopy(self.tree, copy)
            own = {node: _FAR + number for number, node in enumerate(nodes)}
            for node, number in own.items():
                copy[id(node)].lineno = copy[id(node)].end_lineno = number
            codes = list(_codes(compile(tree, "<page>", "exec", dont_inherit=True)))
            self._on_line[line] = {
                node: {bytecode(code) for code in codes if code.co_firstlineno == number}
                for node, number in own.items()
            }
        return self._on_line[line]

    def classes(self, qualified: str) -> Sequence[Node]:
        """Every class of this qualified name."""
        return self._classes.get(qualified, ())

    def statements(self, name: str) -> Sequence[Node]:
        """The statements that make what a global holds; the whole page where none names it."""
        return [node for node in self.tree.body if mentions(node, name)] or [self.tree]

    def read(self, node: Node) -> tuple[str, frozenset[Reference]]:
        """The text of a node, and the names that it takes from elsewhere."""
        if node not in self._read:
            self._read[node] = text_of(node), references(node)
        return self._read[node]


def page_of(namespace: Mapping[str, Any]) -> Page | None:
    """The page whose globals these are; None where its source is not to be had."""
    spec = namespace.get("__spec__")
    name = spec.name if spec else namespace.get("__name__")
    loader: Any = spec.loader if spec else namespace.get("__loader__")
    try:
        source = loader.get_source(name)
        return _parsed(name, source) if source is not None else None
    except (AttributeError, ImportError, OSError, SyntaxError, ValueError):
        return None


@lru_cache(maxsize=512)
def _parsed(name: str, source: str) -> Page:
    return Page(source)


def first_line(node: Function) -> int:
    """The line that Python counts a function from: that of its first decorator."""
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def bytecode(code: CodeType) -> str:
    """What a function compiles to, without its place or docstring; by the version of Python."""
    numbers = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    exceptions = getattr(code, "co_exceptiontable", b"")
    version = sys.version_info[:2]
    consts = code.co_consts
    held = ", ".join(map(_held, (None, *consts[1:]) if _has_docstring(code) else consts))
    return (
        f"bytecode({version} {code.co_name} {numbers} {names!a} {code.co_code.hex()} "
        f"{exceptions.hex()} [{held}])"
    )


def _has_docstring(code: CodeType) -> bool:
    """Before Python 3.13 a function without one begins its constants with None."""
    if sys.version_info >= (3, 13):
        return bool(code.co_flags & _HAS_DOCSTRING)
    first = next(iter(code.co_consts), None)
    written = code.co_flags & _OPTIMIZED and not code.co_name.startswith("<")
    return isinstance(first, str) and bool(written)


def _held(value: object) -> str:
    """A constant of bytecode; a set has no order."""
    if isinstance(value, CodeType):
        return bytecode(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_held, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_held, value)))}}}"
    return constant(value)
