"""Pages of source, looked at without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

IMPURE = {"count", "collect", "take", "first", "head", "show", "toPandas", "foreach", "isEmpty"}
"""Actions. `F.count` and `F.first` are aggregates: only methods of a DataFrame count."""

STORAGE = {"write", "writeStream", "readStream", "saveAsTable", "forPath", "forName", "writeTo"}
"""What reads or writes storage."""

CLOCKS = {"current_date", "current_timestamp", "now", "today", "localtimestamp", "rand", "uuid"}
"""What gives another value each time."""

OF_ONE_ENGINE = {
    *("sparkContext", "rdd", "_jvm", "_jsc", "_jdf", "_jsparkSession", "_java_obj"),
    *("persist", "cache", "unpersist", "localCheckpoint"),
    *("createGlobalTempView", "createOrReplaceGlobalTempView", "DeltaTable", "SparkContext"),
}
"""What Spark Connect or serverless do not have."""


def attributes(page: Path) -> Iterator[tuple[str, str, int]]:
    """Every `x.name` of a page as (x, name, line), and every name that it imports of pyspark."""
    for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            yield owner, node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyspark"):
            yield from (("import", alias.name, node.lineno) for alias in node.names)


def imported(package: Path, folders: Sequence[Path]) -> list[Path]:
    """The pages in these folders of a package, and every page of the package that they import."""
    todo = [page for folder in folders for page in sorted(folder.rglob("*.py"))]
    read: set[Path] = set()
    while todo:
        page = todo.pop()
        if page in read:
            continue
        read.add(page)
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            name, *below = (getattr(node, "module", None) or "").split(".")
            if isinstance(node, ast.ImportFrom) and name == package.name:
                base = package.joinpath(*below)
                named = [base / f"{alias.name}.py" for alias in node.names]
                todo += [each for each in (base.with_suffix(".py"), *named) if each.exists()]
    return sorted(read)
