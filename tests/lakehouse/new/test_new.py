"""A project made by `lakehouse new`, outside any checkout: whole, sound, and it runs."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT, called, environment

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.load import load
from lakehouse.bundle.targets import User
from lakehouse.bundle.validate import validate
from lakehouse.new import Plan, make
from lakehouse.new.naming import LONGEST
from lakehouse.new.render import TOKEN, project_files
from lakehouse.ship.contents import contents

ALICE = User("alice@example.com")
ANSWERS = ("--source", "sales", "--key", "Sale No.", "--time", "soldAt", "--entity", "customer_id",
           "--fields", "amount,shop id")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The new project `orders`, made by the command and told what to make."""
    folder = tmp_path_factory.mktemp("a folder") / "orders"
    done = called(ROOT, "-m", "lakehouse", "new", "orders", "--into", str(folder), *ANSWERS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"cd '{folder}'", "make run", "make test"]
    return folder


def test_it_is_made_by_the_engine_s_bare_wheel_which_brings_no_spark(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pyspark'] = None; "
        "sys.argv = ['lakehouse', 'new', 'orders', '--kind', 'csv']; "
        "from lakehouse.cli import main; main()"
    )
    done = called(tmp_path, "-c", code, PYTHONPATH=str(ROOT / "src"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "orders" / "Makefile").is_file()


def test_a_person_is_asked_what_they_did_not_say(tmp_path: Path) -> None:
    person, terminal = pty.openpty()
    os.write(person, b"sales\ncsv\n\nsold_at\n")  # the key as proposed
    done = subprocess.run(
        [sys.executable, "-m", "lakehouse", "new", "orders", "--entity", "customer_no"],
        cwd=tmp_path,
        env={**os.environ, **environment(tmp_path), "PYTHONPATH": str(ROOT / "src")},
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    questions = re.findall(r"([A-Z][^?]+\?) \[(.*?)\]", done.stderr)
    assert questions == [
        ("What arrives (a noun in the plural)?", "events"),
        ("How: json (lines), csv or parquet?", "json"),
        ("Which field tells its records apart?", "event_id"),
        ("Which field says when it happened?", "happened_at"),
    ]
    told = "sales arrive as csv (key event_id, time sold_at, entity customer_no)"
    assert told in done.stderr
    assert (tmp_path / "orders" / "src" / "orders" / "gold" / "customer_days.py").is_file()


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("my-shop", "Did you mean 'my_shop'"),
        ("2nd_shop", "Did you mean 'nd_shop'"),
        ("Orders", "Did you mean 'orders'"),
        ("../orders", "Did you mean 'orders'"),
        ("", "lower-case"),
        ("class", "word of Python"),
        ("match", "word of Python"),
        ("json", "Python's own library"),
        ("lakehouse", "installed already"),
        ("pyspark", "installed already"),
        ("x" * (LONGEST + 1), "more than 40 letters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, told: str
) -> None:
    with pytest.raises(LakehouseError, match=told):
        make(name, tmp_path / "here")
    assert everything(tmp_path) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LakehouseError, match="there is something already"):
        make("orders", tmp_path)
    assert everything(tmp_path) == ["notes.txt"]


def test_a_failure_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == ".whl":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LakehouseError, match="No space left on device"):
        make("orders", tmp_path / "deep" / "orders")
    assert everything(tmp_path) == []


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (Plan(kind="xml"), "files of the format 'xml' cannot be read"),  # type: ignore[arg-type]
        (Plan(source="my sales"), "its name is that of a folder and of a table"),
        (Plan(source="class"), "word of Python"),
        (Plan(key="id", entity="id"), "the field 'id' is named twice"),
        (Plan(others=("Amount", "amount")), "would both be the column 'amount'"),
        (Plan(others=("day",)), "silver adds a column 'day'"),
        (Plan(others=("arrived_at",)), "the lake itself adds a column 'arrived_at'"),
        (Plan(others=("€",)), "has no letter"),
    ],
)
def test_answers_that_do_not_fit_together_are_refused(
    tmp_path: Path, plan: Plan, told: str
) -> None:
    with pytest.raises(LakehouseError, match=told):
        make("orders", tmp_path / "orders", plan)
    assert everything(tmp_path) == []


def test_it_is_a_repository_of_its_own_under_the_names_that_were_told(home: Path) -> None:
    found = [path for path in everything(home) if (home / path).is_file()]
    assert [path for path in found if path.startswith("src/")] == [
        "src/orders/__init__.py",
        "src/orders/bronze/__init__.py",
        "src/orders/bronze/sales.py",
        "src/orders/gold/__init__.py",
        "src/orders/gold/customer_days.py",
        "src/orders/models/__init__.py",
        "src/orders/models/returning.py",
        "src/orders/replay.py",
        "src/orders/silver/__init__.py",
        "src/orders/silver/sales.py",
    ]
    own = {"README.md", "Makefile", "pyproject.toml", "constraints.txt", ".gitignore"}
    assert own <= set(found)
    texts = {path: (home / path).read_text() for path in found if not path.endswith(".whl")}
    assert not [path for path, text in texts.items() if TOKEN in path or TOKEN in text]
    assert not [path for path, text in texts.items() if "retail" in text or str(ROOT) in text]
    assert "`Sale No.` AS sale_no" in texts["src/orders/silver/sales.py"]
    assert max(len(t.splitlines()) for p, t in texts.items() if p != "constraints.txt") < 140


@pytest.mark.parametrize("name", ["a", "lakehouses", "zeta_9", "x" * LONGEST])
@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan("sales", "parquet", "Sale No.", "Zeit", "Kunde", ("Größe", "a b"), encoding=""),
        Plan("s", "csv", "k", "t", "e", tuple(f"a field of many words {n}" for n in range(9)), ";"),
    ],
    ids=["events", "parquet", "csv"],
)
def test_what_is_written_is_in_style_and_in_form_under_any_name(
    tmp_path: Path, name: str, plan: Plan
) -> None:
    for path, text in project_files(name, plan, "0.1.0"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for words in (["check"], ["format", "--check"]):
        done = called(tmp_path, "-m", "ruff", *words, "--no-cache", ".")
        assert done.returncode == 0, done.stdout


def test_its_types_are_right(home: Path) -> None:
    cache = str(ROOT / ".mypy_cache")
    done = called(home, "-m", "mypy", "--cache-dir", cache, MYPYPATH=str(ROOT / "src"))
    assert done.returncode == 0, done.stdout


def test_its_bundle_has_no_fault_in_any_target(home: Path) -> None:
    bundle = home / "bundles" / "orders"
    assert [str(each) for each in validate(bundle, user=ALICE, environment={})] == []
    assert {"local", "dev", "staging", "prod"} == {
        each for each in ("local", "dev", "staging", "prod") if load(bundle, each, user=ALICE).jobs
    }


def test_an_archive_of_it_holds_its_wheel_and_that_of_the_engine(home: Path) -> None:
    page = home / "src/orders/gold/of_a_day.sql"
    page.write_text("SELECT 1")
    made = contents(load(home / "bundles" / "orders", "local"))
    page.unlink()
    wheels = made.manifest["wheels"]
    assert set(wheels) == {"orders", "lakehouse"}
    engine = (home / "wheels").glob("*.whl")
    assert next(engine).name.startswith(f"lakehouse-{wheels['lakehouse']}-")
    own = [path for path in made.files if path.startswith("wheels/orders-")]
    names = listed(home, made.files[own[0]])
    assert "orders/silver/sales.py" in names
    assert "orders/gold/of_a_day.sql" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"orders"}


def test_the_engine_s_wheel_brings_the_template_and_the_pins_and_no_project(home: Path) -> None:
    wheel = next((home / "wheels").glob("*.whl"))
    names = listed(home, wheel.read_bytes())
    for each in (
        "new/template/src/new_project/silver/SOURCE.py.jinja",
        "new/template/Makefile",
        "new/template/dot_gitignore",
        "setup/constraints.txt",
        "setup/jars.lock",
    ):
        assert f"lakehouse/{each}" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"lakehouse"}


def listed(home: Path, wheel: bytes) -> list[str]:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return archive.namelist()


def test_the_wheel_of_an_installed_engine_is_the_one_that_it_was_installed_from(
    home: Path, tmp_path: Path
) -> None:
    wheel = next((home / "wheels").glob("*.whl"))
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([sys.executable, *install, str(tmp_path / "site"), str(wheel)], check=True)
    code = "from lakehouse.ship.engine import engine_wheel as w; print(w().file, end='')"
    done = called(tmp_path, "-c", code, PYTHONPATH=str(tmp_path / "site"))
    assert done.stdout == wheel.name, done.stderr


def test_a_project_made_for_another_version_of_the_engine_says_so(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "base.yml").write_text('project: orders\nengine: "0.2"\n')
    (tmp_path / "conf" / "local.yml").touch()
    done = called(tmp_path, "-m", "lakehouse", "tables")
    assert done.returncode == 1
    assert "the project was made for version 0.2 of the engine, and this is 0.1.0" in done.stderr


@pytest.mark.slow
def test_its_own_tests_pass(home: Path) -> None:
    done = called(home, "-m", "pytest", "-q")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "40 passed" in done.stdout


@pytest.mark.slow
def test_its_nightly_job_runs_from_simulated_files_to_scores(home: Path) -> None:
    done = called(home, "-m", "lakehouse", "bundle", "run", "bundles/orders", "nightly")
    assert done.returncode == 0, done.stderr[-3000:]
    listed = called(home, "-m", "lakehouse", "tables", "list", "--output", "json")
    rows = {each["table"]: each["rows"] for each in json.loads(listed.stdout)}
    assert rows == {
        "bronze.sales": 8614,
        "silver.sales": 8511,
        "gold.customer_days": 1694,
        "gold.returning_scores": 41,
        "ops.batches": 4,
        "ops.definitions": 3,
        "ops.quarantine": 103,
    }
    landed = home / "data" / "landing" / "sales"
    lines = [line for page in landed.iterdir() for line in page.read_text().splitlines()]
    assert rows["bronze.sales"] == len(lines)
    assert rows["bronze.sales"] == rows["silver.sales"] + rows["ops.quarantine"]
