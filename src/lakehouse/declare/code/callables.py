"""What Python tells of functions, classes and modules: their names, closures and owners."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache, partial
from importlib.util import resolve_name
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

LIBRARIES = frozenset({"lakehouse", "pyspark", "py4j", "builtins", *sys.stdlib_module_names})
"""Top-level packages that are never a project."""

MISSING = object()
Cached = type(lru_cache(lambda: None))
"""What `lru_cache` makes of a function."""

_NAMED = (type, FunctionType, BuiltinFunctionType, Cached)
_UDF_BY_ARROW, _UDF = 101, 100


def top(module: object) -> str:
    """The top-level package of a module."""
    return str(module).partition(".")[0]


def public(module: str) -> str:
    """A library's module without its private parts, which differ by version: `pathlib._local`."""
    first, *others = module.split(".")
    hidden = next((n for n, part in enumerate(others) if part.startswith("_")), len(others))
    return ".".join((first, *others[:hidden]))


def qualified(value: Any) -> tuple[str, str] | None:
    """Module and name of a function or class that is found under these; else None."""
    if not isinstance(value, _NAMED):
        return None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name:
        return None
    return (module, name) if looked_up(module, name) is value else None


def looked_up(module: str, name: str) -> Any:
    """What a loaded module holds under a dotted name."""
    held: Any = sys.modules.get(module, MISSING)
    for part in name.split("."):
        held = getattr(held, part, MISSING)
    return held


def label(value: Any) -> str:
    """The name by which people know a function."""
    if isinstance(value, partial):
        return label(value.func)
    if isinstance(value, MethodType):
        return label(value.__func__)
    named = value if isinstance(getattr(value, "__qualname__", None), str) else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def project_of(value: Any) -> str:
    """The project of a function, or of what it wraps; empty where all of that is of libraries."""
    tops = map(top, _modules(value, []))
    return next((each for each in tops if each not in LIBRARIES), "")


def _modules(value: Any, passed: list[object]) -> Iterator[str]:
    """The modules of a callable and its parts: a wrapper is of the project of what it wraps."""
    if any(value is each for each in passed):
        return
    passed.append(value)
    yield from _modules(wrapped(value), passed)
    if isinstance(value, FunctionType):
        yield home(value)
    yield (value if isinstance(value, type | Cached) else type(value)).__module__
    for part in _parts(value):
        if callable(part) or isinstance(part, tuple):
            yield from _modules(part, passed)


def _parts(value: Any) -> Iterator[Any]:
    """What a callable is made of."""
    match value:
        case tuple():
            yield from value
        case partial():
            yield from (value.func, *value.args, *value.keywords.values())
        case MethodType():
            yield from (value.__self__, value.__func__)
        case FunctionType():
            yield from cells(value).values()


def wrapped(value: Any) -> Any:
    """The function that another, or what is called like one, says it wraps; else None."""
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    own = getattr(value, "__dict__", None)
    return own.get("__wrapped__") if isinstance(own, dict) else None


def home(function: FunctionType) -> str:
    """The module that a function's code is written in; a wrapper claims that of what it wraps."""
    return str(function.__globals__.get("__name__"))


def cells(function: FunctionType) -> dict[str, Any]:
    """What a function's closure holds."""
    held = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:  # not yet bound
            held[name] = MISSING
    return held


def owner_of(function: FunctionType) -> type | None:
    """The class that a function is a method of."""
    parent = function.__qualname__.rpartition(".")[0]
    held = looked_up(home(function), parent) if parent else None
    return held if isinstance(held, type) else None


def names(code: CodeType) -> set[str]:
    """Every name in compiled code: globals, attributes and what it takes from closures."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return {*code.co_names, *code.co_freevars}.union(*map(names, inner))


def methods(kind: type) -> Iterator[FunctionType]:
    """The functions of a class that are written in its own module."""
    for held in vars(kind).values():
        match held:
            case property():
                each: tuple[Any, ...] = (held.fget, held.fset, held.fdel)
            case staticmethod() | classmethod():
                each = (held.__func__,)
            case cached_property():
                each = (held.func,)
            case _:
                each = (held,)
        for function in each:
            if isinstance(function, FunctionType) and home(function) == kind.__module__:
                yield function


def attributes(kind: type) -> dict[str, Any]:
    """What a class holds beside its functions, without what Python itself adds."""
    own = sorted(name for name in vars(kind) if not name.startswith("__"))
    return {n: vars(kind)[n] for n in own if not isinstance(vars(kind)[n], FunctionType)}


def is_generated(function: FunctionType) -> bool:
    """Whether the function was made from a text, as a dataclass makes its methods."""
    return function.__code__.co_filename.startswith("<")


def state(value: object) -> dict[str, Any]:
    """The attributes of an instance, by name, without those that it computes and keeps."""
    slots: list[str] = []
    for kind in type(value).__mro__:
        own = vars(kind).get("__slots__", ())
        slots += [own] if isinstance(own, str) else own
    held = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    held |= getattr(value, "__dict__", {})
    kept = (each for each in held if not isinstance(vars(type(value)).get(each), cached_property))
    return {name: held[name] for name in sorted(kept) if name not in ("__dict__", "__weakref__")}


def udf_parts(value: Any) -> tuple[Any, ...] | None:
    """Function, return type as it is declared, kind and determinism of Spark's UDF; else None.

    Whether rows go to it by Arrow is a setting of the session, not of the function.
    """
    udf: Any = vars(value).get("_unwrapped") if isinstance(value, FunctionType) else value
    kind = type(udf)
    if kind.__name__ != "UserDefinedFunction" or top(kind.__module__) != "pyspark":
        return None
    way = _UDF if udf.evalType == _UDF_BY_ARROW else udf.evalType
    return udf.func, udf._returnType, way, udf.deterministic


def absolute(module: str, namespace: Mapping[str, Any]) -> str:
    """The name of a module that an import names, relative or not."""
    try:
        return resolve_name(module, str(namespace.get("__package__") or ""))
    except ImportError:
        return module


def loaded(module: str) -> Any:
    """A module of the project. It is loaded where nothing has: the order must not matter."""
    try:
        return importlib.import_module(module)
    except Exception:
        return MISSING


def member(module: ModuleType, name: str) -> Any:
    """What a module holds under a name: a page below it is loaded where nothing has."""
    held = getattr(module, name, MISSING)
    below = held is MISSING and hasattr(module, "__path__")
    return loaded(f"{module.__name__}.{name}") if below else held


def folder_of(project: str) -> str:
    """Where a package lies; empty for a module without a folder of its own."""
    return next(iter(getattr(sys.modules.get(project), "__path__", ())), "")
