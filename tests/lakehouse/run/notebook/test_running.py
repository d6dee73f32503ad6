"""What the cells of a notebook do, without Spark."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.lakehouse.run.notebook.conftest import Ran, Write

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook import run
from lakehouse.run.notebook.failure import NotebookError
from lakehouse.run.notebook.outputs import Html, Markdown, Picture, Table, Text


def test_cells_share_their_names_and_the_last_value_is_shown(ran: Ran):
    notebook = ran("x = 20", "print('so')\nx + 1", "x;", "y = x")

    assert [cell.outputs for cell in notebook.cell_runs] == [[], [Text("so\n"), Text("21")], [], []]
    assert [cell.state for cell in notebook.cell_runs] == ["done"] * 4


def test_it_ends_where_it_exits_and_what_follows_is_left_out(ran: Ran):
    notebook = ran(
        """
        try:
            dbutils.notebook.exit("enough")
        except Exception:
            print("an exit is no error")
        """,
        "1 / 0",
    )

    assert notebook.value == "enough"
    assert [cell.state for cell in notebook.cell_runs] == ["exited", "left out"]
    assert notebook.cell_runs[0].outputs == []


def test_it_exits_with_a_text_only(ran: Ran):
    with pytest.raises(LakehouseError, match=r"exits with a text, not with dict.*json\.dumps"):
        ran("dbutils.notebook.exit({'a': 1})")


def test_a_failure_says_what_in_which_cell_and_on_which_line_of_the_file(ran: Ran):
    with pytest.raises(NotebookError) as caught:
        ran("def half(n):\n    return 1 / n", "# DBTITLE 1,Halves\nx = 0\nhalf(x)", "print()")

    assert str(caught.value) == "a.py:9, cell 2 'Halves': ZeroDivisionError: division by zero."
    assert "line 3, in half" in caught.value.failure.trace
    assert str(ROOT / "src") not in caught.value.failure.trace


def test_a_line_that_is_no_python_is_named(ran: Ran):
    with pytest.raises(NotebookError, match=r"a\.py:7, cell 2: SyntaxError"):
        ran("x = 1", "y = 1\nz = = 2")


def test_tables_pictures_and_html_are_shown(ran: Ran):
    notebook = ran(
        """
        import pandas as pd
        display(pd.DataFrame({"item": ["tea", None], "n": [2, 3], "x": [1.5, None]}))
        """,
        """
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        ax.plot([1, 2])
        display(fig)
        """,
        "plt.figure().add_subplot().plot([2, 1]);",
        "displayHTML('<b>so</b>')",
        "display([{'a': 1}, {'a': 2}])",
    )

    shown = [output for cell in notebook.cell_runs for output in cell.outputs]
    assert shown[0] == Table(
        ("item", "n", "x"), (("tea", "2", "1.5"), ("", "3", "")), (False, True, True)
    )
    assert [type(each) for each in shown[1:4]] == [Picture, Picture, Html]
    assert shown[1].png.startswith(b"\x89PNG")
    assert shown[4] == Table(("a",), (("1",), ("2",)), (True,))


def test_a_long_table_is_cut_and_says_so(ran: Ran):
    notebook = ran("display([{'a': n} for n in range(500)])")

    (shown,) = notebook.cell_runs[0].outputs
    assert len(shown.rows) == 100
    assert shown.note == "the first 100 rows"


def test_another_notebook_runs_in_this_one_with_values_for_its_widgets(write: Write, ran: Ran):
    write("# MAGIC %md\n# MAGIC words", "n = int(dbutils.widgets.get('n'))", name="other.py")

    notebook = ran('# MAGIC %run ./other $n="3"', "n * 2")

    assert [(cell.inside, cell.cell.kind) for cell in notebook.cell_runs] == [
        ("", "run"),
        ("other", "md"),
        ("other", "python"),
        ("", "python"),
    ]
    assert notebook.cell_runs[1].outputs == [Markdown("words")]
    assert notebook.cell_runs[3].outputs == [Text("6")]


def test_a_failure_in_a_notebook_that_is_run_names_both(write: Write, ran: Ran):
    write("x = 1", "missing", name="other.py")

    with pytest.raises(NotebookError) as caught:
        ran("x = 1", "# MAGIC %run ./other")

    assert "other.py:6, cell 2, run by a.py:6, cell 2" in str(caught.value)
    assert "NameError: name 'missing' is not defined" in str(caught.value)


def test_a_notebook_that_runs_itself_is_refused(ran: Ran):
    with pytest.raises(NotebookError, match="a notebook runs itself"):
        ran("# MAGIC %run ./a")
    with pytest.raises(NotebookError, match="a notebook runs itself"):
        ran("dbutils.notebook.run('a', 0)")


def test_a_notebook_is_called_by_itself_with_arguments_and_gives_what_it_exits_with(
    write: Write, ran: Ran
):
    write("x = 'its own'\ndbutils.notebook.exit(dbutils.widgets.get('day') + '!')", name="other.py")

    notebook = ran("x = 'mine'", "y = dbutils.notebook.run('other', 60, {'day': 'Monday'})\n(x, y)")

    assert notebook.cell_runs[1].outputs == [Text("('mine', 'Monday!')")]


def test_a_notebook_that_takes_too_long_is_stopped(write: Write, ran: Ran):
    write("import time\nwhile True:\n    time.sleep(0.01)", name="slow.py")

    with pytest.raises(NotebookError, match=r"slow\.py: did not end within 0\.2 s"):
        ran("dbutils.notebook.run('slow', 0.2)")


def test_what_other_threads_print_is_not_the_notebooks(ran: Ran, capsys: pytest.CaptureFixture):
    notebook = ran(
        """
        import threading
        other = threading.Thread(target=print, args=("from elsewhere",))
        other.start()
        other.join()
        print("from here")
        """
    )

    assert notebook.cell_runs[0].outputs == [Text("from here\n")]
    assert capsys.readouterr().out == "from elsewhere\n"


def test_two_notebooks_side_by_side_do_not_hear_each_other(write: Write):
    from lakehouse.run.notebook.notebook_run import NotebookRun
    from lakehouse.run.notebook.session import Session

    works = []
    for name in ("one", "two"):
        cell = f"import time\nfor n in range(20):\n    print('{name}')\n    time.sleep(0.001)"
        works.append(NotebookRun(write(cell, name=f"{name}.py"), {}, Session(), echo=False))
    before = sys.stdout
    threads = [threading.Thread(target=work.go) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert works[0].cell_runs[0].outputs == [Text("one\n" * 20)]
    assert works[1].cell_runs[0].outputs == [Text("two\n" * 20)]
    assert sys.stdout is before


def test_unknown_magics_name_the_nearest_and_those_of_databricks_are_told(ran: Ran):
    with pytest.raises(NotebookError, match=r"a\.py:3, cell 1: unknown magic %sqll.*'sql'"):
        ran("# MAGIC %sqll\n# MAGIC SELECT 1")
    with pytest.raises(NotebookError, match="%scala runs on Databricks only"):
        ran("# MAGIC %scala\n# MAGIC val x = 1")


def test_pip_installs_nothing_and_says_what_is_here(ran: Ran):
    notebook = ran('# MAGIC %pip install "pandas>=2" --quiet')
    assert notebook.cell_runs[0].outputs[0].text.startswith("here already: pandas 2.")

    with pytest.raises(NotebookError, match=r"no-such-thing is not installed.*pip install no-such"):
        ran("# MAGIC %pip install pandas no-such-thing")
    with pytest.raises(NotebookError, match=r"pandas<1 is wanted, .* is installed"):
        ran('# MAGIC %pip install "pandas<1"')


def test_a_script_runs_in_the_notebooks_folder_and_fails_only_with_e(ran: Ran, tmp_path: Path):
    notebook = ran("# MAGIC %sh\n# MAGIC pwd\n# MAGIC false")
    assert notebook.cell_runs[0].outputs[0] == Text(f"{tmp_path.resolve()}\n")

    with pytest.raises(NotebookError, match="the script ended with exit code 1"):
        ran("# MAGIC %sh -e\n# MAGIC false\n# MAGIC true")


def test_modules_beside_the_notebook_are_found(ran: Ran, tmp_path: Path):
    (tmp_path / "beside_the_notebook.py").write_text("ANSWER = 42\n")

    assert ran("from beside_the_notebook import ANSWER\nANSWER").cell_runs[0].outputs == [
        Text("42")
    ]
    assert str(tmp_path) not in sys.path


def test_run_gives_what_the_notebook_exits_with_and_none_where_it_just_ends(write: Write):
    assert run(write("dbutils.notebook.exit('done')")) == "done"
    assert run(write("1")) is None
