"""A fingerprint is the same wherever, whenever and by whatever Python it is taken."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.checkout import ROOT
from tests.lakehouse.declare.code.small_shop import CALENDAR, PAGES, RULES, SALES, Shop, edited

from lakehouse.declare.code import code_of


def test_a_function_without_source_counts_by_what_it_compiles_to(shop: Shop) -> None:
    def code(text: str) -> dict[str, str]:
        shop.load(PAGES)
        space: dict[str, object] = {"__name__": "shop.typed", "N": importlib.import_module("shop")}
        exec(text, space)
        return code_of(space["transform"])  # type: ignore[arg-type]

    text = "import shop.rules\ndef transform(x):\n    return [x + 1, shop.rules, Held]\n"
    text += "class Held:\n    def one(self): return 1\n"
    assert code(text) == code(f"\n\n{text}  # a comment")
    assert code(text) != code(text.replace("x + 1", "x + 2"))
    assert code(text) != code(text.replace("return 1\n", "return 2\n"))
    assert {"shop.typed.transform", "shop.rules"} <= set(code(text))


def test_a_page_that_was_edited_after_its_import_says_nothing_of_what_runs(shop: Shop) -> None:
    shop.load({"sales": SALES, "calendar": CALENDAR, "rules": RULES})
    module = importlib.import_module("shop.sales")
    page = Path(str(module.__file__))
    first = code_of(module.transform)
    page.write_text(SALES.replace("One row a sale.", "One row.\n\n    For each sale."))
    assert code_of(module.transform) == first
    page.write_text(SALES.replace("x * 2", "x * 3"))
    stale = code_of(module.transform)
    new = shop.code(edited("sales", "x * 2", "x * 3"))
    name = "shop.sales.transform"
    assert len({first[name], stale[name], new[name]}) == 3


def printed(path: Path, seed: int = 0, before: str = "") -> dict[str, str]:
    """The code of `shop.sales.transform` as another process reads it."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import json; {before}from shop.sales import transform; "
            "from lakehouse.declare.code import code_of; print(json.dumps(code_of(transform)))",
        ],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(path), str(ROOT / "src"))),
            "PYTHONHASHSEED": str(seed),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


SETS = {**PAGES, "sales": SALES.replace("NAMES = ", "NAMES = {'a', 'b', ('c', 1)}, ")}


def test_every_process_gives_the_same_in_whatever_order_pages_are_imported(shop: Shop) -> None:
    path, here = shop.write(SETS), shop.code(SETS)
    assert printed(path, seed=0) == here
    assert printed(path, seed=1, before="import shop.rules, shop.calendar; ") == here


def test_an_archive_gives_the_same_as_a_folder(shop: Shop) -> None:
    root = shop.write(SETS)
    archive = root / "shop.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for page in sorted((root / "shop").iterdir()):
            packed.write(page, f"shop/{page.name}")
    assert printed(archive) == shop.code(SETS)


ODD = r"""
import pathlib
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Literal, Optional

FOLDER = {"a": PurePath("b/c"), "type": Path, "module": pathlib}
TEXT = "\N{HEAVY BLACK HEART}", "\U0001fae8", "\ud800", b"\xff", 1e999, -0.0, 2j, ...
HINT = dict[str, Any], Optional[int], Literal["a"], int | None


def transform(x: int, /, *rest, w=3, **more):
    text = f"{x:}" f"{x=}" "a" f"b{{c{x!r:{w}.{w}f}}}" f"" "d", f"only", u"e"
    text += f"{x:%Y\\n}", f"{x!s}", rf"\d{x}", f"\N{DIGIT ONE}"
    match x:
        case {"a": [1, *_], **kept} if kept:
            del kept
        case pathlib.X | int(real=2):
            pass
    with open(x) as a, open(w) as b:
        (c): int = (yield)
    try:
        global Z
        Z = [*rest, *{**more}], x[1:2, ..., ::3], {y: z for y, z in more if y for _ in z}
    except (ValueError, OSError) as error:
        raise error from None
    made = partial(lambda *a, k=HINT: (a, (z := k), z))
    return made, text, TEXT, FOLDER, not x, c, a @ b, 1 if x else 2
"""
"""What versions of Python parse, compile or write differently."""


def test_every_version_of_python_gives_the_same(shop: Shop) -> None:
    """Written down, so that each version in use must agree with the others."""
    digests = {**shop.code(SETS), **shop.code({"sales": ODD})}
    assert digests == {
        "shop.calendar.FIRST": "1e790ff2d176",
        "shop.calendar.ZONE": "ad9f30ac59d1",
        "shop.calendar._shifted": "2a59fcbc6cc8",
        "shop.calendar.local_day": "979ecdd1249b",
        "shop.calendar.week_of": "e636e599de44",
        "shop.rules.Base": "af07bad06bdf",
        "shop.rules.Cleaner": "b290ba59cb50",
        "shop.rules.Rule": "298dd78612be",
        "shop.rules.double": "53a3ba934353",
        "shop.rules.logged": "d0c0ee4c0c6d",
        "shop.rules.seven": "cacd92a74632",
        "shop.sales.CLEANER": "922b1c780f91",
        "shop.sales.FOLDER": "bffa09f063d9",
        "shop.sales.HINT": "088fbec0f2d4",
        "shop.sales.LEAST": "b506977d16b7",
        "shop.sales.NAMES": "c967aa49a618",
        "shop.sales.RULES": "2a731bae1782",
        "shop.sales.SHAPE": "ff258965c948",
        "shop.sales.TEXT": "347b8cf09c81",
        "shop.sales.TWICE": "ea69e6b48e3d",
        "shop.sales.transform": "a6acaa49dd09",
    }
