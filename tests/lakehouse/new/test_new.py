"""A project made by `lakehouse new`, in a checkout of its own: whole, sound, and it runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.checkout import ROOT, called, checkout

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.targets import User
from lakehouse.bundle.validate import validate
from lakehouse.new import make
from lakehouse.new.naming import LONGEST
from lakehouse.new.project import TEMPLATE, TOKEN, project_files
from lakehouse.ship.wheel import build

ALICE = User("alice@example.com")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the new project `orders`, made by the command."""
    folder = checkout(tmp_path_factory.mktemp("a checkout"))
    done = called(folder, "-m", "lakehouse", "new", "orders")
    assert done.returncode == 0, done.stderr
    assert "lakehouse bundle run bundles/orders nightly" in done.stdout.splitlines()
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """The least that a project can be added to."""
    for name in ("conf/base.yml", "src/shop/__init__.py", "tests/conftest.py", "bundles/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("name", "said"),
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
        ("bundles", "a folder of this checkout"),
        ("shop", "there is a project 'shop' already"),
        ("x" * (LONGEST + 1), "more than 40 letters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    empty: Path, name: str, said: str
) -> None:
    before = everything(empty)
    with pytest.raises(LakehouseError, match=said):
        make(name, empty)
    assert everything(empty) == before


@pytest.mark.parametrize("taken", ["tests/orders", "bundles/orders", "conf/projects/orders.yml"])
def test_what_is_there_already_is_left_alone(empty: Path, taken: str) -> None:
    (empty / taken).mkdir(parents=True)
    before = everything(empty)
    with pytest.raises(LakehouseError, match="there is a project 'orders' already"):
        make("orders", empty)
    assert everything(empty) == before


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match=r"here is no conf/base\.yml"):
        make("orders", tmp_path)
    assert everything(tmp_path) == []


def test_outside_any_checkout_one_is_asked_for(tmp_path: Path) -> None:
    done = called(tmp_path, "-m", "lakehouse", "new", "orders", PYTHONPATH=str(ROOT / "src"))
    assert done.returncode == 1
    assert "name its folder with --into" in done.stderr.lower()


def test_a_failure_in_the_middle_leaves_nothing_behind(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(empty)
    rename = Path.rename

    def full(path: Path, to: Path) -> Path:
        if to.parent.name == "bundles":
            raise OSError(28, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(LakehouseError, match="No space left on device"):
        make("orders", empty)
    assert everything(empty) == before


def test_each_file_of_the_template_goes_to_its_place_under_the_new_name() -> None:
    found = {str(path): text for path, text in project_files("orders")}
    assert len(found) == sum(path.is_file() for path in TEMPLATE.rglob("*.[py]*[!c]"))
    assert {path for path in found if path.startswith("src/")} == {
        "src/orders/__init__.py",
        "src/orders/bronze/__init__.py",
        "src/orders/bronze/events.py",
        "src/orders/silver/__init__.py",
        "src/orders/silver/events.py",
        "src/orders/gold/__init__.py",
        "src/orders/gold/user_days.py",
        "src/orders/models/__init__.py",
        "src/orders/models/returning.py",
        "src/orders/replay.py",
    }
    assert not [path for path, text in found.items() if TOKEN in path or TOKEN in text]
    assert max(len(text.splitlines()) for text in found.values()) < 120


@pytest.mark.parametrize("name", ["a", "lakehouses", "zeta_9", "x" * LONGEST])
def test_what_is_written_is_in_style_and_in_form_under_any_name(tmp_path: Path, name: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lakehouse").symlink_to(ROOT / "src" / "lakehouse")  # for the imports
    for path, text in project_files(name):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for words in (["check"], ["format", "--check"]):
        done = called(tmp_path, "-m", "ruff", *words, "--no-cache", ".")
        assert done.returncode == 0, done.stdout


def test_its_types_are_right(home: Path) -> None:
    done = called(home, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), "src/orders")
    assert done.returncode == 0, done.stdout


def test_its_bundle_has_no_fault_in_any_target(home: Path) -> None:
    bundle = home / "bundles" / "orders"
    assert [str(each) for each in validate(bundle, user=ALICE, environment={})] == []


def test_the_wheel_brings_the_template_and_tables_in_sql(home: Path) -> None:
    page = home / "src/orders/gold/of_a_day.sql"
    page.write_text("SELECT 1")
    made = build(home)
    page.unlink()
    packed = home / made.file
    packed.write_bytes(made.content)
    listed = called(home, "-m", "zipfile", "--list", made.file).stdout.split()
    packed.unlink()
    assert "orders/gold/of_a_day.sql" in listed
    assert "lakehouse/new/template/src/new_project/silver/events.py" in listed
    assert "lakehouse/new/template/bundles/new_project/resources/nightly.job.yml" in listed
    assert "orders/silver/events.py" in listed


@pytest.mark.slow
def test_its_own_tests_pass(home: Path) -> None:
    done = called(home, "-m", "pytest", "-q", "tests/orders")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "14 passed" in done.stdout


@pytest.mark.slow
def test_its_nightly_job_runs_from_simulated_files_to_scores(home: Path) -> None:
    done = called(home, "-m", "lakehouse", "bundle", "run", "bundles/orders", "nightly")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "export LAKEHOUSE_PROJECT=orders" in done.stdout
    listed = called(
        home, "-m", "lakehouse", "tables", "list", "--set", "project=orders", "--output", "json"
    )
    rows = {each["table"]: each["rows"] for each in json.loads(listed.stdout)}
    assert rows == {
        "bronze.events": 8558,
        "silver.events": 8482,
        "gold.user_days": 1692,
        "gold.returning_scores": 38,
        "ops.batches": 4,
        "ops.definitions": 3,
        "ops.quarantine": 76,
    }
    landed = home / "data" / "projects" / "orders" / "landing" / "events"
    assert rows["bronze.events"] == sum(
        len(page.read_text().splitlines()) for page in landed.iterdir()
    )
    assert rows["bronze.events"] == rows["silver.events"] + rows["ops.quarantine"]
