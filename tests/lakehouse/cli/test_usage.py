"""How the command line is called: help, settings, wrong words, completion, processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT
from typer.main import get_command

COMMANDS = (
    "run",
    "check",
    "plan",
    "rebuild",
    "accept",
    "replay",
    "maintain",
    "train",
    "score",
    "summary",
    "show",
    "schema",
    "history",
    "sql",
    "new",
)
GROUPED = ("list", "rows", "freshness", "lineage")


def process(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    source = str(ROOT / "src")
    return subprocess.run(
        (sys.executable, *words),
        cwd=home,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("LAKEHOUSE_")},
            "PYTHONPATH": f"{source}{os.pathsep}{home}",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("words", [(each,) for each in COMMANDS] + [("tables", g) for g in GROUPED])
def test_help_shows_an_example(call, words):
    done = call(*words, "--help")
    assert done.exit_code == 0
    assert f"Example: lakehouse {' '.join(words)}" in " ".join(done.stdout.split())


def test_help_lists_every_command(call):
    output = call("--help").stdout
    assert all(f"  {each} " in output for each in (*COMMANDS, "tables", "bundle"))


def test_bundle_commands_are_mounted():
    import typer

    from lakehouse.cli.app import app

    bundle = get_command(app).get_command(typer.Context(get_command(app)), "bundle")
    assert "run" in bundle.list_commands(typer.Context(bundle))


def test_a_wrong_command_is_a_usage_error_that_names_the_nearest(call):
    done = call("tabels")
    assert done.exit_code == 2
    assert "tables" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [("train", "chrun"), ("score", "chrun")])
def test_an_unknown_model_names_the_nearest(call, words):
    done = call(*words)
    assert done.exit_code == 1
    assert "Did you mean 'churn'?" in done.stderr


@pytest.mark.parametrize("words", [("replay",), ("run",)])
def test_what_is_no_day_is_told(call, words):
    done = call(*words, "--until", "march")
    assert done.exit_code == 1
    assert "'march' is not a day" in done.stderr


def test_an_unknown_setting_names_the_nearest(call):
    done = call("tables", "list", "--set", "spark.heep=4g")
    assert done.exit_code == 1
    assert "'heap'" in done.stderr


def test_an_unknown_target_names_those_there_are(call):
    done = call("tables", "list", "--target", "lokal")
    assert done.exit_code == 1
    assert "'local'" in done.stderr


def test_settings_may_stand_before_the_command_or_after_it(call, tmp_path):
    elsewhere = f"lake.root={tmp_path}"
    for words in (("--set", elsewhere, "show", "silver.sold"),
                  ("show", "silver.sold", "--set", elsewhere)):  # fmt: skip
        assert "has not been filled yet" in call(*words).stderr
    assert call("show", "silver.sold").exit_code == 0


def test_a_stack_trace_is_shown_only_on_request(call):
    assert "Traceback" not in call("show", "silver.sodl").stderr
    assert "Traceback" in call("show", "silver.sodl", "--verbose").stderr


def test_a_run_without_a_bundle_says_where_it_looked(call, home):
    done = call("run")
    assert done.exit_code == 1
    assert str(home / "bundles" / "toyshop") in done.stderr.replace("\n", "")


def test_looking_at_tables_neither_imports_the_project_nor_starts_java(home):
    process(home, "-m", "lakehouse", "tables")  # the names are noted
    code = (
        "import sys; from lakehouse.cli.app import app\n"
        "app(['show', 'silver.sold', '-o', 'csv'], standalone_mode=False)\n"
        "from pyspark import SparkContext\n"
        "print('toyshop' in sys.modules, SparkContext._gateway, file=sys.stderr)"
    )
    done = process(home, "-c", code)
    assert done.stdout.startswith("id,note,amount")
    assert done.stderr == "False None\n"


def test_help_needs_neither_rich_nor_spark_nor_mlflow(home):
    code = (
        "import sys; from lakehouse.cli.app import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "print({'rich', 'pyspark', 'mlflow', 'deltalake'} & set(sys.modules), file=sys.stderr)"
    )
    assert process(home, "-c", code).stderr == "set()\n"


def test_names_are_read_anew_when_the_project_changes(home):
    page = home / "toyshop" / "more.py"
    page.write_text(
        "from lakehouse.declare.table import Table\nfrom toyshop import sold\n"
        "TABLE = Table('gold.more', 'id BIGINT', (sold.TABLE,), lambda rows: rows)\n"
    )
    try:
        assert "gold.more" in process(home, "-m", "lakehouse", "tables").stdout
    finally:
        page.unlink()
    assert "gold.more" not in process(home, "-m", "lakehouse", "tables").stdout


def test_the_shell_completes_tables_and_models(home):
    def offered(*words: str) -> list[str]:
        done = process(
            home, "-m", "lakehouse", _LAKEHOUSE_COMPLETE="complete_bash",
            COMP_WORDS=" ".join(("lakehouse", *words)), COMP_CWORD=str(len(words)),
        )  # fmt: skip
        return done.stdout.split()

    assert offered("show", "gold.") == ["gold.totals", "gold.churn_scores"]
    assert offered("train", "ch") == ["churn"]


def test_nobody_reading_on_is_no_failure_to_shout_about(home):
    code = (
        "import os, sys; read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "from lakehouse.cli import main; main(['show', 'silver.sold', '-o', 'csv'])"
    )
    done = process(home, "-c", code)
    assert done.returncode == 141
    assert done.stderr == ""


def test_an_interrupted_command_ends_at_once_without_a_stack_trace(home):
    code = (
        "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "from lakehouse.cli import invocation, main\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "invocation.project_index = stop; main(['tables', 'list'])"
    )
    done = process(home, "-c", code)
    assert done.returncode == 130
    assert done.stderr == "stopped\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layer="], "error: job: --layer is missing. Call it with --layer=..."),
        (["--layer=silver", "--set=spark.hep=3g"], "unknown setting 'spark.hep'"),
    ],
)
def test_a_job_that_is_called_as_a_program_fails_with_one_sentence(
    home, arguments: list[str], message: str
):
    code = f"import sys; sys.argv = ['bin/lakehouse-refresh', *{arguments!r}]\n"
    done = process(home, "-c", f"{code}from lakehouse.cli.program import main; main()")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert message in line
