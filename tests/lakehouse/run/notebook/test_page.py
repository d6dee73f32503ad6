"""A notebook that ran, as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.lakehouse.run.notebook.conftest import Ran, Write

from lakehouse.base.errors import LakehouseError


def test_a_page_shows_words_code_and_results_and_loads_nothing(ran: Ran, tmp_path: Path):
    page = tmp_path / "pages" / "a.html"

    ran(
        "# MAGIC %md\n# MAGIC # A tour\n# MAGIC Of **all**.\n# MAGIC\n# MAGIC | a |\n# MAGIC |--|",
        "# DBTITLE 1,What there is\nx = '<b>'\nprint(x)",
        "display([{'item': 'tea & milk', 'n': 2}])",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "displayHTML('<i>mine</i>')",
        page=page,
    )

    text = page.read_text()
    assert "<title>A tour</title>" in text
    assert "Of <strong>all</strong>." in text
    assert "<th>a</th>" in text
    assert "What there is" in text
    assert '<pre class="text">&lt;b&gt;</pre>' in text
    assert '<td>tea &amp; milk</td><td class="right">2</td>' in text
    assert '<img alt="plot"' in text
    assert "<i>mine</i>" in text
    assert not re.search(r"<script|https?://|<link", text)


def test_a_failure_stands_in_its_cell_and_what_follows_is_marked(ran: Ran, tmp_path: Path):
    page = tmp_path / "a.html"

    with pytest.raises(LakehouseError, match=re.escape(str(page))):
        ran("x = 1", "y = 0\nx / y", "print('later')", page=page)

    text = page.read_text()
    assert '<b class="failed">failed</b>' in text
    assert '<a href="#cell-1">a.py:7, cell 2</a>: ZeroDivisionError: division by zero' in text
    assert 'class="line wrong" data-n="7"' in text
    assert text.count('class="line wrong"') == 1
    assert 'id="cell-2" class="code left-out"' in text
    assert "not run" in text


def test_a_page_tells_its_parameters_and_what_it_ended_with(ran: Ran, tmp_path: Path):
    page = tmp_path / "a.html"

    ran("dbutils.notebook.exit('7 <rows>')", page=page, day="Monday")

    assert "<dt>day</dt><dd>Monday</dd>" in page.read_text()
    assert "<code>7 &lt;rows&gt;</code>" in page.read_text()


def test_the_page_of_a_called_notebook_is_linked(write: Write, ran: Ran, tmp_path: Path):
    write("print('inside')", name="other.py")
    page = tmp_path / "pages" / "a.html"

    ran("dbutils.notebook.run('other')", page=page)

    assert '<a href="a.1-other.html">other</a>' in page.read_text()
    assert "inside" in (page.parent / "a.1-other.html").read_text()
