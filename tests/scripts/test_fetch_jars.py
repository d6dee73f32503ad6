"""Set-up's jars: from the person's mirror or local repository, checked, and only once."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT


@pytest.fixture
def fetch_jars(monkeypatch):
    """The script as a module, without waiting between attempts."""
    place = ROOT / "scripts" / "fetch_jars.py"
    spec = importlib.util.spec_from_file_location("fetch_jars", place)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fetch_jars", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return module


@pytest.fixture
def mirror(tmp_path, fetch_jars, monkeypatch) -> Path:
    """A repository in a folder with one jar, and a lock that names it."""
    jar = tmp_path / "mirror" / "org" / "shop" / "till" / "1.0" / "till-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"a till")
    lock = tmp_path / "jars.lock"
    lock.write_text(f"org.shop:till:1.0 {hashlib.sha256(b'a till').hexdigest()}\n")
    monkeypatch.setattr(fetch_jars, "LOCK", lock)
    return tmp_path / "mirror"


def settings(home: Path, mirror_of: str, url: str = "https://mirror/m2/") -> Path:
    page = home / ".m2" / "settings.xml"
    page.parent.mkdir(parents=True)
    page.write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">'
        "<servers><server><id>ours</id><username>me</username><password>secret</password></server>"
        "</servers><mirrors><mirror><id>ours</id>"
        f"<mirrorOf>{mirror_of}</mirrorOf><url>{url}</url></mirror></mirrors></settings>"
    )
    return page


def test_jars_come_from_the_repository_that_the_environment_names(fetch_jars, mirror, tmp_path):
    where = {"HOME": str(tmp_path), "DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()}
    target = tmp_path / "jars of mine"
    target.mkdir()
    (target / "till-0.9.jar").touch()

    assert fetch_jars.main(target, where) == 0
    assert [path.name for path in target.iterdir()] == ["till-1.0.jar"]


def test_what_is_there_is_not_fetched_again(fetch_jars, mirror, tmp_path):
    target = tmp_path / "jars"
    fetch_jars.main(target, {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()})

    assert fetch_jars.main(target, {"DEFAULT_ARTIFACT_REPOSITORY": "file:///nowhere"}) == 0


def test_a_jar_that_is_not_the_locked_one_is_refused(fetch_jars, mirror, tmp_path, capsys):
    next(mirror.glob("**/*.jar")).write_bytes(b"another till")
    target = tmp_path / "jars"

    assert fetch_jars.main(target, {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()}) == 1
    assert "is not the file that jars.lock names" in capsys.readouterr().err
    assert list(target.iterdir()) == []


def test_without_a_network_the_jar_that_is_missing_is_named(fetch_jars, mirror, tmp_path, capsys):
    where = {"DEFAULT_ARTIFACT_REPOSITORY": "file:///nowhere"}

    assert fetch_jars.main(tmp_path / "jars", where) == 1
    assert "till-1.0.jar could not be had" in capsys.readouterr().err


def test_the_local_maven_repository_is_looked_at_first(fetch_jars, mirror, tmp_path):
    (tmp_path / ".m2").mkdir()
    mirror.rename(tmp_path / ".m2" / "repository")
    where = {"HOME": str(tmp_path), "DEFAULT_ARTIFACT_REPOSITORY": "file:///nowhere"}

    assert fetch_jars.main(tmp_path / "jars", where) == 0


@pytest.mark.parametrize("mirror_of", ["*", "central", "external:*", "a, central"])
def test_a_mirror_of_central_in_mavens_settings_is_used(fetch_jars, tmp_path, mirror_of):
    repository = fetch_jars.choose_repository(settings(tmp_path, mirror_of), {})

    assert repository.url == "https://mirror/m2"
    assert repository.headers == {"Authorization": "Basic bWU6c2VjcmV0"}


@pytest.mark.parametrize("mirror_of", ["snapshots", "*,!central", ""])
def test_a_mirror_of_something_else_is_not(fetch_jars, tmp_path, mirror_of):
    repository = fetch_jars.choose_repository(settings(tmp_path, mirror_of), {})

    assert repository == fetch_jars.Repository()


@pytest.mark.parametrize("lock", ["jars", "s3"])
def test_a_lock_names_what_the_session_asks_for_at_its_version(fetch_jars, lock):
    from lakehouse.spark.jars import COORDINATES, NOT_FOR_S3, S3

    text = (ROOT / "scripts" / f"{lock}.lock").read_text("utf-8")
    locked = {f"{jar.group}:{jar.name}:{jar.version}" for jar in fetch_jars.read_lock(text)}
    wanted = {"jars": COORDINATES, "s3": S3}[lock]

    assert wanted
    assert set(wanted) <= locked
    assert not [name for name in locked if name.startswith(NOT_FOR_S3)]


def test_a_lock_of_its_own_can_be_named(fetch_jars, mirror, tmp_path, monkeypatch):
    lock = tmp_path / "jars.lock"
    monkeypatch.setattr(fetch_jars, "LOCK", tmp_path / "no.lock")
    where = {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()}

    assert fetch_jars.main(tmp_path / "jars", where, lock) == 0
    assert [path.name for path in (tmp_path / "jars").iterdir()] == ["till-1.0.jar"]
