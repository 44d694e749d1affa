"""What files hold: their names and bytes count, when they were written does not, and nothing is read twice."""

import os

import pytest

from distillab.core import fingerprints
from distillab.core.fingerprints import content_of, fingerprint


@pytest.fixture
def folder(tmp_path):
    """Two files in two folders."""
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "0.png").write_bytes(name.encode())
    return tmp_path / "images"


@pytest.fixture
def found(folder, tmp_path):
    """The fingerprint of the folder."""
    return lambda: fingerprint(folder, tmp_path / "kept")


def rewritten(folder):
    (folder / "a" / "0.png").write_bytes(b"c")


def renamed(folder):
    (folder / "a" / "0.png").rename(folder / "a" / "1.png")


def moved(folder):
    (folder / "a" / "0.png").rename(folder / "b" / "1.png")


@pytest.mark.parametrize("change", [rewritten, renamed, moved])
def test_another_name_or_byte_is_another_content(folder, found, change):
    before = found()
    assert found() == before
    change(folder)
    assert found() != before


def test_when_it_was_written_does_not_count(folder, found):
    before = found()
    os.utime(folder / "a" / "0.png", (1, 1))
    assert found() == before


def test_a_file_that_was_changed_and_given_its_old_date_is_read_again(folder, found):
    """As a copy that keeps dates leaves it: of the same size and time of writing, changed later."""
    before, old = found(), (folder / "a" / "0.png").stat()
    rewritten(folder)
    os.utime(folder / "a" / "0.png", ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (folder / "a" / "0.png").stat().st_size == old.st_size
    assert found() != before


def test_nothing_is_read_twice(folder, found, monkeypatch):
    before = found()
    monkeypatch.setattr(fingerprints, "file_hash", lambda _path: pytest.fail("read again"))
    assert found() == before


def test_of_very_large_folders_sizes_count(folder, found, monkeypatch):
    monkeypatch.setattr(fingerprints, "MOST_BYTES", 1)
    before = found()
    rewritten(folder)
    assert found() == before
    (folder / "a" / "0.png").write_bytes(b"longer")
    assert found() != before


def test_of_very_many_files_names_count_and_no_file_is_looked_at(folder, found, monkeypatch):
    monkeypatch.setattr(fingerprints, "MOST_FILES", 1)
    before = found()
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "_names", lambda _path: pytest.fail("walked over again"))
        assert found() == before
    renamed(folder)
    assert found() != before


def test_a_folder_that_links_to_itself_ends(folder, found):
    before = found()
    (folder / "a" / "round").symlink_to(folder)
    assert found() == before


def test_what_is_not_there_has_no_content(folder, tmp_path):
    table = tmp_path / "labels.csv"
    assert fingerprint(table, tmp_path) == content_of([folder, table], tmp_path) == content_of([], tmp_path) == ""
    table.write_text("file,label\n")
    assert len(content_of([folder, table], tmp_path)) == 64


def test_a_folder_that_cannot_be_written_costs_time_alone(folder, tmp_path):
    (tmp_path / "file").write_text("")
    assert fingerprint(folder, tmp_path / "file" / "kept") == fingerprint(folder, tmp_path / "kept")
