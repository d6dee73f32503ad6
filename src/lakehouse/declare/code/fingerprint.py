"""The fingerprint of a function's code, with everything of its project that it calls.

It decides whether a table must be made anew. Where it cannot tell, it errs towards "changed": a
change that is missed is a wrong table, a false one is work done twice. Libraries (Spark, this
engine, all that is not of the function's own top-level package) count by name alone.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, get_origin

from lakehouse.declare.code import callables
from lakehouse.declare.code.callables import LIBRARIES, MISSING, Cached
from lakehouse.declare.code.page import Node, Page, bytecode, page_of
from lakehouse.declare.code.syntax import Reference
from lakehouse.declare.code.values import plain
from lakehouse.declare.select import Select

PLACES = frozenset({"__builtins__", "__cached__", "__file__", "__loader__", "__path__", "__spec__"})
"""Globals that say where a module lies, not what it does."""

STATELESS = frozenset({"abc", "builtins", "typing"})
"""Modules whose classes add nothing to the state of an instance."""

Names = Mapping[str, Any]

NOWHERE: Names = {}
"""The globals of a module that is not loaded: one value, as pages are held by its identity."""


def code_of(function: Callable[..., Any]) -> dict[str, str]:
    """A short digest of the function and of each function, class and constant that it reaches.

    Those are of its project: the top-level package of the function. By qualified name, sorted;
    the function itself is always among them, by its name alone where it is of a library.
    """
    if isinstance(function, Select):
        return dict(function.digests)
    reached = _Reached(callables.project_of(function))
    reached.read(function)
    texts = {name: "\n".join(sorted(each)) for name, each in sorted(reached.texts.items())}
    return {name: sha256(text.encode()).hexdigest()[:12] for name, text in texts.items()}


class _Reached:
    """What is reached from a function: a text for each name, and what is yet to be read.

    What has a qualified name gets a text of its own, and stands in others by that name, so that
    circles end. All else (closures, lambdas, what a global holds) is part of the text around it.
    """

    def __init__(self, project: str) -> None:
        """Begin with nothing."""
        self.project = project
        self.folder = callables.folder_of(project)
        self.texts: dict[str, set[str]] = {}
        self.todo: list[tuple[str, Callable[[], str]]] = []
        self.seen: dict[tuple[str, int], object] = {}
        self.within: list[object] = []  # the values whose text is being made
        self.unreadable = False
        self.pages: dict[int, Page | None] = {}

    def read(self, function: object) -> None:
        """Make the texts of a function and of all that it reaches. A name may have several."""
        name, text = callables.label(function), self.value(function)
        if text != name:
            self.texts[name] = {text}
        while self.todo:
            name, make = self.todo.pop()
            self.texts.setdefault(name, set()).add(make())

    def add(self, name: str, value: object, make: Callable[[], str]) -> str:
        """Have a text of its own made for what is reached under a name."""
        if (name, id(value)) not in self.seen:
            self.seen[name, id(value)] = value  # held, so that no other takes its id
            self.todo.append((name, make))
        return name

    def ours(self, module: object) -> bool:
        """Whether a module is of the project."""
        return callables.top(module) == self.project not in LIBRARIES

    def page(self, namespace: Names) -> Page | None:
        """The source of a module, read once for each fingerprint."""
        if id(namespace) not in self.pages:
            self.pages[id(namespace)] = page_of(namespace)
        return self.pages[id(namespace)]

    # What the names of code stand for.

    def source(self, page: Page, nodes: Iterable[Node], namespace: Names, cells: Names) -> str:
        """Code as it is written, and what its names stand for."""
        texts, references = zip(*map(page.read, nodes), strict=True)
        return "\n".join((*texts, self.lines(frozenset().union(*references), namespace, cells)))

    def lines(self, references: Iterable[Reference], namespace: Names, cells: Names) -> str:
        """What each name stands for, a line each."""
        each = (
            f"{reference.module or ''} {reference.name} {'.'.join(reference.attributes)} is "
            f"{self.named(reference, namespace, cells)}"
            for reference in references
        )
        return "\n".join(sorted(each))

    def named(self, reference: Reference, namespace: Names, cells: Names) -> str:
        """What one name stands for; attributes are followed as far as modules go."""
        name, attributes, imported = reference
        owner: str | None = None
        if imported is not None:
            owner = callables.absolute(imported, namespace)
            if not self.ours(owner):
                return f"library {owner}.{name}"
            value = callables.loaded(owner)
            if name and isinstance(value, ModuleType):
                value = callables.member(value, name)
        elif name in cells:
            value = cells[name]
        elif name in namespace:
            value, owner = namespace[name], str(namespace.get("__name__"))
        else:
            return f"library builtins.{name}" if hasattr(builtins, name) else "nothing"
        while attributes and isinstance(value, ModuleType) and self.ours(value.__name__):
            owner, name, attributes = value.__name__, attributes[0], attributes[1:]
            value = callables.member(value, name)
        if value is MISSING:
            return "nothing"
        if owner is None or isinstance(value, ModuleType):
            return self.value(value)
        return f"place {name}" if name in PLACES else self.held(owner, name, value)

    def held(self, owner: str, name: str, value: object) -> str:
        """What a module holds under a name, called as where it was first given that name."""
        passed: set[tuple[str, str]] = set()
        while self.ours(owner) and (owner, name) not in passed:
            passed.add((owner, name))
            for module, each in self.imports(owner, name):
                if getattr(sys.modules.get(module), each, MISSING) is value:
                    owner, name = module, each
                    break
        if not self.ours(owner):
            return f"library {owner}.{name}"
        if callables.qualified(value):
            return self.value(value)
        return self.add(f"{owner}.{name}", value, partial(self.held_text, owner, name, value))

    def imports(self, owner: str, name: str) -> list[tuple[str, str]]:
        """Where a page of the project may have a name from."""
        namespace = _namespace(owner)
        page = self.page(namespace)
        found = page.imports.get(name, ()) if page else ()
        return [(callables.absolute(each.module or "", namespace), each.name) for each in found]

    # The text of a value.

    def value(self, value: Any) -> str:
        """The name of what has one, with a text of its own; else the text."""
        if isinstance(value, ModuleType):
            return self.module(value)
        if (qualified := callables.qualified(value)) is None:
            return self.text(value)
        module, name = qualified
        if not self.ours(module):
            return f"library {callables.public(module)}.{name}"
        if not isinstance(value, type):
            return self.add(f"{module}.{name}", value, partial(self.text, value))
        return self.add(f"{module}.{name}", value, partial(self.held_text, module, name, value))

    def module(self, module: ModuleType) -> str:
        """A module by its name; code may take anything from one of the project that it is given."""
        page = self.page(vars(module)) if self.ours(module.__name__) else None
        if page is None:
            return f"module {module.__name__}"
        make = partial(self.source, page, [page.tree], vars(module), {})
        return self.add(module.__name__, module, make)

    def held_text(self, owner: str, name: str, value: object) -> str:
        """The text of what a module holds. What cannot be read counts by the code that makes it.

        Neither `repr` nor a pickle would do, which may differ from process to process, and its type
        alone would not tell `Limit(3)` of some library from `Limit(4)`. All of the page would: but
        then a logger would have every edit of the page change every function that logs.
        """
        self.unreadable = False
        text = self.text(value)
        page = self.page(_namespace(owner))
        if not self.unreadable or page is None:
            return text
        return f"{text}\n{self.source(page, page.statements(name), _namespace(owner), {})}"

    def text(self, value: Any) -> str:
        """All of a value; what it is itself part of is called by how far out that is."""
        for depth, each in enumerate(reversed(self.within)):
            if each is value:
                return f"circle {depth}"
        self.within.append(value)
        try:
            return self.whole(value)
        finally:
            self.within.pop()

    def whole(self, value: Any) -> str:
        """The text of a value by its kind."""
        if (udf := callables.udf_parts(value)) is not None:
            return f"udf({', '.join(map(self.value, udf))})"
        match value:
            case FunctionType():
                return self.function(value)
            case type() if get_origin(value) is None:  # `list[int]` is one in Python 3.10
                return self.class_text(value)
            case MethodType():
                return f"method({self.value(value.__func__)} of {self.value(value.__self__)})"
            case partial():
                return f"partial({self.value((value.func, value.args, value.keywords))})"
            case staticmethod() | classmethod() | Cached():
                return f"{type(value).__name__}({self.value(callables.wrapped(value))})"
            case property():
                return f"property({self.value((value.fget, value.fset, value.fdel))})"
            case BuiltinFunctionType():
                return f"builtin({value.__name__} of {self.value(value.__self__)})"
            case str() | PurePath() if self.folder and self.folder in (path := str(value)):
                return f"placed {path.replace(self.folder, '<project>')!a}"
        if (data := plain(value, self.value)) is not None:
            return data
        kinds = (kind.__module__ for kind in type(value).__mro__)
        if all(self.ours(module) or module in STATELESS for module in kinds):
            return f"{self.value(type(value))}({self.value(callables.state(value))})"
        # The name of its type is the most that is the same in every process.
        self.unreadable = True
        return f"unreadable({self.value(type(value))}, {self.value(callables.wrapped(value))})"

    def function(self, function: FunctionType) -> str:
        """The code of a function, what its names stand for, and what it was made with."""
        namespace, code, own = function.__globals__, function.__code__, vars(function)
        cells = callables.cells(function)
        if "registry" in own and "dispatch" in own:  # of `singledispatch`, with caches in its cells
            kinds = (f"{self.value(kind)}: {self.value(f)}" for kind, f in own["registry"].items())
            return f"singledispatch({sorted(kinds)})"
        made = [self.value((function.__defaults__, function.__kwdefaults__))]
        made.append(self.value(callables.wrapped(function)))
        module = callables.home(function)
        if not self.ours(module):
            held = (f"{name}: {self.value(each)}" for name, each in sorted(cells.items()))
            return "\n".join((f"library {module} {code.co_name}", *held, *made))
        owner = callables.owner_of(function)
        made += [self.value(owner)] if owner else []
        page = self.page(namespace)
        if page and (nodes := page.function(code)):
            return "\n".join((self.source(page, nodes, namespace, cells), *made))
        lines = self.lines(self.compiled(code, {**namespace, **cells}), namespace, cells)
        return "\n".join((bytecode(code), lines, *made))

    def compiled(self, code: CodeType, held: Names) -> Iterator[Reference]:
        """What compiled code may take from elsewhere: it has names, but not which follows which."""
        names = callables.names(code)
        todo = [(Reference(name), held[name]) for name in sorted(names) if name in held]
        passed: set[int] = set()
        while todo:
            reference, value = todo.pop()
            yield reference
            if not isinstance(value, ModuleType) or id(value) in passed:
                continue
            passed.add(id(value))
            if self.ours(value.__name__):
                todo += [
                    (reference._replace(attributes=(*reference.attributes, name)), each)
                    for name in sorted(names)
                    if (each := vars(value).get(name, MISSING)) is not MISSING
                ]

    def class_text(self, kind: type) -> str:
        """A class with its methods, and the classes of the project that it is made of."""
        if not self.ours(kind.__module__):
            return f"library {callables.public(kind.__module__)}.{kind.__qualname__}"
        namespace = _namespace(kind.__module__)
        page = self.page(namespace)
        methods = list(callables.methods(kind))
        made = [self.value(base) for base in kind.__mro__[1:] if self.ours(base.__module__)]
        nodes = page.classes(kind.__qualname__) if page else ()
        written = (each.__code__ for each in methods if not callables.is_generated(each))
        if page and nodes and all(map(page.function, written)):
            cells = {name: held for each in methods for name, held in callables.cells(each).items()}
            return "\n".join((self.source(page, nodes, namespace, cells), *made))
        self.unreadable = True  # made by a call, as a namedtuple is, or its source is not to be had
        made += map(self.function, methods)
        if page is None:
            made.append(self.value(callables.attributes(kind)))
        return "\n".join(("class", *made))


def _namespace(module: str) -> Names:
    """The globals of a loaded module."""
    return vars(sys.modules[module]) if module in sys.modules else NOWHERE
