"""The class-data archive is a convenience: used where it is, never missed."""

from lakehouse.spark.class_data import archive_path, can_hold, use
from lakehouse.spark.java import find_java


def test_without_an_archive_no_option_is_given(tmp_path):
    assert use(tmp_path, find_java()) == ""


def test_an_archive_of_these_jars_is_used_and_its_path_quoted(tmp_path):
    path = archive_path(tmp_path, find_java())
    path.touch()

    assert use(tmp_path, find_java()).startswith(f'-XX:SharedArchiveFile="{path}"')


def test_an_archive_of_other_jars_is_not(tmp_path):
    archive_path(tmp_path, find_java()).touch()
    (tmp_path / "another.jar").touch()

    assert use(tmp_path, find_java()) == ""


def test_a_folder_with_a_space_gets_none(tmp_path):
    assert can_hold(tmp_path)
    assert not can_hold(tmp_path / "a b")
