"""The pages lead to one another, in the repository as in the site, which needs no other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from scripts.documentation import ROOT, written
from tests.checkout import PROJECTS

from lakehouse.base.settings import Settings
from scripts import documentation

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
SHOWN = re.compile(r"(?:\.\./)*(?:(?:src|bundles|tests)/\w+|notebooks)(?:/|$)")
"""A link to a page of a project."""

HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"""<(?:script|link|img)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^"'> ]+""")


def prose(page: Path) -> str:
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page as GitHub makes them of its headings."""
    headings = (re.sub(r"[^\w\- ]", "", each.lower()) for each in HEADING.findall(prose(page)))
    return {heading.replace(" ", "-") for heading in headings}


def named(nav: Any) -> list[str]:
    """The pages that a navigation names."""
    if isinstance(nav, str):
        return [nav]
    return [
        page for each in (nav.values() if isinstance(nav, dict) else nav) for page in named(each)
    ]


@pytest.mark.parametrize("page", written(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_link_of_a_page_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(prose(page)):
        target = page.parent / path if path else page
        if not PROJECTS and not target.exists() and SHOWN.match(path):
            continue  # the project that the pages show was taken away, to be replaced by another
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_site_leads_to_every_page() -> None:
    nav = named(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert sorted(nav) == sorted(page.relative_to(ROOT).as_posix() for page in written())


def test_every_setting_is_in_the_table_with_a_meaning() -> None:
    def keys(page: type[BaseModel], under: str = "") -> list[str]:
        found = []
        for name, field in page.model_fields.items():
            kind = field.annotation
            nested = isinstance(kind, type) and issubclass(kind, BaseModel)
            found += keys(kind, f"{under}{name}.") if nested else [f"{under}{name}"]  # type: ignore[arg-type]
        return found

    settings = list(documentation.settings_of())
    assert [key for key, _, _ in settings] == keys(Settings) and len(settings) > 15
    assert all(default and meaning.endswith(".") for _, default, meaning in settings)
    assert ("stream.files_per_batch", "`5000`") in [(key, default) for key, default, _ in settings]


def test_a_link_to_code_leads_to_the_page_that_shows_it() -> None:
    text = "[a](tests/docs) [b](setup.py#x) [c](docs/cli.md#rows) [d](https://example.org/x.py)"
    linked = documentation.LINK.sub(lambda link: documentation._link(link, ROOT), text)
    assert linked == (
        "[a](tests/docs/index.md) [b](setup.py.md#x) [c](docs/cli.md#rows) "
        "[d](https://example.org/x.py)"
    )


def test_the_site_is_built_and_asks_no_other_host() -> None:
    pytest.importorskip("zensical")
    pytest.importorskip("mmdr")
    assert documentation.main("build") == 0
    site = documentation.BUILD / "site"
    pages = [page.read_text(encoding="utf-8") for page in site.rglob("*.html")]
    assert len(pages) > 40
    assert not [found for page in pages for found in ELSEWHERE.findall(page)]
    assert "<table" in (site / "docs" / "reference" / "table.html").read_text(encoding="utf-8")
    assert (site / "README-1.svg").stat().st_size > 1000
