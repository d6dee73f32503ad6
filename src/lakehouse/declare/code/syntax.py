"""Python code as text without its layout, and the names that it takes from elsewhere.

The text is the same on every version of Python: it is written here, node by node, as what the
standard library writes changes from one version to the next. Empty fields are left out, so that a
field which a later version adds changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

LAYOUT = frozenset({"ctx", "kind", "simple", "type_comment", "type_ignores"})
"""Fields that say how code is written (`u"..."`, `(x): int`) or repeat what its place says."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Reference(NamedTuple):
    """A name that code takes from elsewhere, with the attributes that follow it.

    `module` is None for a name of an enclosing scope. Else it is what an import inside of the code
    names, with a dot for each level of a relative one; `name` is empty where the module itself is
    imported.
    """

    name: str
    attributes: tuple[str, ...] = ()
    module: str | None = None


Scope = Mapping[str, tuple[Reference, ...]]
"""The names of the scopes inside of the code, each with what it is imported from, if it is."""


def text_of(node: ast.AST) -> str:
    """The node and all that is in it. Equal texts do the same, whatever their layout."""
    if isinstance(node, ast.Constant):
        return constant(node.value)
    if isinstance(node, ast.JoinedStr):
        return _joined(node)
    fields = ((name, _field(value)) for name, value in sorted(ast.iter_fields(node)))
    written = (f"{name}={text}" for name, text in fields if text and name not in LAYOUT)
    return f"{type(node).__name__}({', '.join(written)})"


def constant(value: object) -> str:
    """Type and value. `ascii`, as which letters `repr` escapes depends on the version of Python."""
    return f"{type(value).__name__} {value!a}"


def _field(value: Any) -> str:
    """The text of a field; empty where there is nothing in it."""
    if value is None:
        return ""
    if isinstance(value, ast.AST):
        return "" if _is_empty_text(value) else text_of(value)
    if not isinstance(value, list):
        return constant(value)
    kept = [each for each in value if not _is_docstring(each)]
    texts = (_field(each) or "None" for each in kept)
    return f"[{', '.join(texts)}]" if kept else ""


def _is_docstring(node: object) -> bool:
    """A text that stands alone, in whatever place, does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_empty_text(node: ast.AST) -> bool:
    """The format of `f"{x:}"`: some versions read one, some none."""
    return isinstance(node, ast.JoinedStr) and not node.values


def _joined(node: ast.JoinedStr) -> str:
    """An f-string, its neighbouring texts as one: versions part them differently."""
    texts: list[str] = []
    plain = ""
    for part in node.values:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            plain += part.value
            continue
        texts += [constant(plain)] * bool(plain)
        texts.append(text_of(part))
        plain = ""
    texts += [constant(plain)] * bool(plain)
    return f"JoinedStr([{', '.join(texts)}])"


def references(node: ast.AST) -> frozenset[Reference]:
    """The names that a function, class or statement takes from elsewhere.

    Names that a class binds count too: its body may read a global of the same name before.
    """
    return frozenset(_references(node, {}))


def _references(node: ast.AST, scope: Scope) -> Iterator[Reference]:
    match node:
        case ast.Name():
            yield from _named(node.id, (), scope)
        case ast.Attribute():
            base, attributes = _chain(node)
            if isinstance(base, ast.Name):
                yield from _named(base.id, attributes, scope)
            else:
                yield from _references(base, scope)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            outside = {**scope, **_type_names(node)}
            around = (node.args, *node.decorator_list, *([node.returns] if node.returns else []))
            yield from _each(around, outside)
            yield from _each(node.body, {**outside, **_parameters(node.args), **bound(node.body)})
        case ast.Lambda():
            yield from _references(node.args, scope)
            inside = {**scope, **_parameters(node.args), **bound([node.body])}
            yield from _references(node.body, inside)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _in_comprehension(node, scope)
        case ast.ClassDef():
            yield from _each(ast.iter_child_nodes(node), {**scope, **_type_names(node)})
        case _:
            yield from _each(ast.iter_child_nodes(node), scope)


def _each(nodes: Iterable[ast.AST], scope: Scope) -> Iterator[Reference]:
    for node in nodes:
        yield from _references(node, scope)


def _in_comprehension(node: Comprehension, scope: Scope) -> Iterator[Reference]:
    """The first iterable is read outside of the comprehension: `[x for x in x]`."""
    yield from _references(node.generators[0].iter, scope)
    names = (name for each in node.generators for name in ast.walk(each.target))
    inside = {**scope, **{each.id: () for each in names if isinstance(each, ast.Name)}}
    yield from _each(
        (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,), inside
    )
    for position, each in enumerate(node.generators):
        yield from _each((each.target, *([each.iter] if position else []), *each.ifs), inside)


def _named(name: str, attributes: tuple[str, ...], scope: Scope) -> Iterator[Reference]:
    if name not in scope:
        yield Reference(name, attributes)
    for imported in scope.get(name, ()):
        yield imported._replace(attributes=attributes)


def _chain(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    """`a.b.c` as `a` and its attributes."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return node, tuple(reversed(attributes))


def _parameters(arguments: ast.arguments) -> dict[str, tuple[Reference, ...]]:
    return {node.arg: () for node in ast.walk(arguments) if isinstance(node, ast.arg)}


def _type_names(node: ast.AST) -> dict[str, tuple[Reference, ...]]:
    """The type parameters of `def f[T]()`, from Python 3.12 on."""
    return {each.name: () for each in getattr(node, "type_params", ())}


def bound(nodes: Iterable[ast.AST]) -> dict[str, tuple[Reference, ...]]:
    """The names that statements bind in their own scope, with what is imported under them."""
    names: dict[str, tuple[Reference, ...]] = {}
    elsewhere: set[str] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        for name, imported in _binds(node):
            names[name] = names.get(name, ()) + imported
        todo += _same_scope(node)
    return {name: imported for name, imported in names.items() if name not in elsewhere}


def _binds(node: ast.AST) -> Iterator[tuple[str, tuple[Reference, ...]]]:
    """What one node binds."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            yield node.id, ()
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, ()
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name, ()
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name, ()
        case ast.Import():
            for alias in node.names:
                top = alias.name.partition(".")[0]
                module = alias.name if alias.asname else top
                yield alias.asname or top, (Reference("", module=module),)
        case ast.ImportFrom():
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, (Reference(alias.name, module=module),)


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below that bind names in the same scope."""
    match node:
        case ast.comprehension():
            yield from (node.iter, *node.ifs)
        case ast.Lambda():
            yield node.args
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (node.args, *node.decorator_list)
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *node.keywords)
        case _:
            yield from ast.iter_child_nodes(node)


def mentions(node: ast.AST, name: str) -> bool:
    """Whether a statement names `name` while a module is read, not only when it calls a function.

    It may bind it, or change what it holds: `names.append("a")`, or a decorator that registers.
    """
    todo = [node]
    while todo:
        each = todo.pop()
        if (isinstance(each, ast.Name) and each.id == name) or name in dict(_binds(each)):
            return True
        todo += each.body if isinstance(each, ast.ClassDef) else ()
        todo += _same_scope(each)
        todo += [each.target] if isinstance(each, ast.comprehension) else ()
    return False
