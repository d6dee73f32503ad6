"""`lakehouse notebook run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lakehouse.run.notebook.conftest import Write
from typer.testing import CliRunner, Result

SETTINGS = """
project: shop
data: data
landing: data/landing
lake: {root: data/lake}
mlflow: {tracking_uri: "sqlite:///data/mlflow.db"}
"""


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls the command line inside a project of its own."""
    from lakehouse.cli.app import app

    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "base.yml").write_text(SETTINGS)
    (tmp_path / "conf" / "local.yml").write_text("")
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["notebook", "run", *words])


def test_it_prints_what_the_notebook_exits_with_and_keeps_the_page(
    write: Write, call: Callable[..., Result], tmp_path: Path
):
    write("# DBTITLE 1,Say it\nprint('noise')", "dbutils.notebook.exit(dbutils.widgets.get('day'))")

    result = call("a.py", "--param", "day=Friday")

    assert (result.exit_code, result.stdout) == (0, "Friday\n")
    assert "a.py, cell 1 'Say it'" in result.stderr
    assert "the notebook as it ran: data/notebooks/a.html" in result.stderr
    assert "noise" in (tmp_path / "data/notebooks/a.html").read_text()


def test_a_failure_is_one_sentence_and_an_exit_code(
    write: Write, call: Callable[..., Result], tmp_path: Path
):
    write("1 / 0")

    result = call("a", "--output-html", "page.html")

    assert result.exit_code == 1
    assert "error: a.py:2, cell 1: ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "page.html").is_file()


def test_a_parameter_without_a_value_and_a_notebook_that_is_not_there_are_told(
    write: Write, call: Callable[..., Result]
):
    write("1", name="training.py")

    assert "name=value" in call("training", "-p", "day").stderr
    assert "Did you mean 'training'" in call("trainig.py").stderr
