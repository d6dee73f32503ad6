"""Set-up's jars: from the person's mirror or local repository, checked, and only once."""

import hashlib
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.setup import jars
from lakehouse.setup.jars import Repository, choose_repository, fetch, read_lock

NOWHERE = {"DEFAULT_ARTIFACT_REPOSITORY": "file:///nowhere"}


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    """No seconds between two attempts."""
    monkeypatch.setattr(jars.time, "sleep", lambda seconds: None)


@pytest.fixture
def lock(tmp_path) -> Path:
    """A lock of one jar."""
    page = tmp_path / "jars.lock"
    page.write_text(f"org.shop:till:1.0 {hashlib.sha256(b'a till').hexdigest()}\n")
    return page


@pytest.fixture
def mirror(tmp_path) -> Path:
    """A repository in a folder, with that jar."""
    jar = tmp_path / "mirror" / "org" / "shop" / "till" / "1.0" / "till-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"a till")
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


def test_jars_come_from_the_repository_that_the_environment_names(lock, mirror, tmp_path):
    where = {"HOME": str(tmp_path), "DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()}
    target = tmp_path / "jars of mine"
    target.mkdir()
    (target / "till-0.9.jar").touch()
    assert not jars.are_there(target, lock)
    fetch(target, lock, where)
    assert [path.name for path in target.glob("*.jar")] == ["till-1.0.jar"]
    assert jars.are_there(target, lock)


def test_what_is_there_is_not_fetched_again(lock, mirror, tmp_path):
    target = tmp_path / "jars"
    fetch(target, lock, {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()})
    fetch(target, lock, NOWHERE)
    assert (target / "till-1.0.jar").read_bytes() == b"a till"


def test_a_folder_filled_from_another_lock_is_not_what_this_one_wants(lock, mirror, tmp_path):
    target = tmp_path / "jars"
    fetch(target, lock, {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()})
    lock.write_text(lock.read_text() + f"org.shop:scales:2.0 {hashlib.sha256(b'').hexdigest()}\n")
    assert not jars.are_there(target, lock)


def test_a_jar_that_is_not_the_locked_one_is_refused(lock, mirror, tmp_path):
    next(mirror.glob("**/*.jar")).write_bytes(b"another till")
    target = tmp_path / "jars"
    with pytest.raises(LakehouseError, match=r"is not the file that jars\.lock names"):
        fetch(target, lock, {"DEFAULT_ARTIFACT_REPOSITORY": mirror.as_uri()})
    assert list(target.iterdir()) == []


def test_without_a_network_the_jar_that_is_missing_is_named(lock, tmp_path):
    with pytest.raises(LakehouseError, match=r"till-1\.0\.jar could not be had"):
        fetch(tmp_path / "jars", lock, NOWHERE)
    assert not jars.are_there(tmp_path / "jars", lock)


def test_the_local_maven_repository_is_looked_at_first(lock, mirror, tmp_path):
    (tmp_path / ".m2").mkdir()
    mirror.rename(tmp_path / ".m2" / "repository")
    fetch(tmp_path / "jars", lock, {"HOME": str(tmp_path), **NOWHERE})
    assert (tmp_path / "jars" / "till-1.0.jar").is_file()


@pytest.mark.parametrize("mirror_of", ["*", "central", "external:*", "a, central"])
def test_a_mirror_of_central_in_mavens_settings_is_used(tmp_path, mirror_of):
    repository = choose_repository(settings(tmp_path, mirror_of), {})

    assert repository.url == "https://mirror/m2"
    assert repository.headers == {"Authorization": "Basic bWU6c2VjcmV0"}


@pytest.mark.parametrize("mirror_of", ["snapshots", "*,!central", ""])
def test_a_mirror_of_something_else_is_not(tmp_path, mirror_of):
    repository = choose_repository(settings(tmp_path, mirror_of), {})

    assert repository == Repository()


@pytest.mark.parametrize("name", ["LOCK", "S3_LOCK"])
def test_a_lock_names_what_the_session_asks_for_at_its_version(name):
    from lakehouse.spark.jars import COORDINATES, NOT_FOR_S3, S3

    text = getattr(jars, name).read_text("utf-8")
    locked = {f"{jar.group}:{jar.name}:{jar.version}" for jar in read_lock(text)}
    wanted = {"LOCK": COORDINATES, "S3_LOCK": S3}[name]

    assert wanted
    assert set(wanted) <= locked
    assert not [each for each in locked if each.startswith(NOT_FOR_S3)]
