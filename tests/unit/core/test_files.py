"""A file is whole under its name or not there, whatever goes wrong while it is written."""

import errno
import os
import subprocess
from pathlib import Path

import pytest
import torch

from distillab.core.errors import ArtifactError, BlockedError
from distillab.core.files import atomic, require_writable, write_bytes, write_text
from distillab.core.locks import exclusive, registered
from distillab.core.payloads import save_tensors


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode
    ):
        pytest.skip("cannot mount a small file system here")
    yield disk
    subprocess.run(["umount", disk], check=True)


WRITERS = {
    "bytes": lambda path: write_bytes(path, b"x" * 200_000),
    "text": lambda path: write_text(path, "x" * 200_000),
    "tensors": lambda path: save_tensors(path, {"x": torch.zeros(50_000)}),
}
writers = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@writers
def test_a_full_disk_is_one_line_and_the_old_file_stays(small_disk, write):
    path = small_disk / "folder" / "file"
    write_bytes(path, b"old")
    with pytest.raises(ArtifactError, match="file: the disk is full; nothing was lost: free some space") as error:
        write(path)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@writers
def test_a_quota_is_a_full_disk(tmp_path, write, monkeypatch):
    def refuse(*_arguments):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(ArtifactError, match="the disk is full"):
        write(tmp_path / "file")
    assert not list(tmp_path.iterdir())


@writers
def test_a_folder_one_may_not_write_to_is_one_line(write, unwritable):
    with pytest.raises(ArtifactError, match="file: cannot be written; expected a folder you may write to"):
        write(unwritable / "file")


def test_locks_and_registers_in_an_unwritable_folder_are_one_line(unwritable):
    for enter in (lambda: exclusive(unwritable / "lock"), lambda: registered(unwritable, "teach all")):
        with pytest.raises(ArtifactError, match="cannot be written"):
            enter().__enter__()


@pytest.fixture
def unwritable(tmp_path):
    """A folder that not even root can write to: below the kernel's own files, or without the permission."""
    if os.geteuid() == 0:
        folder = tmp_path / "read-only"
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], check=False).returncode:
            pytest.skip("root may write everywhere, and cannot mount a read-only file system here")
        yield folder
        subprocess.run(["umount", folder], check=True)
    else:
        tmp_path.chmod(0o555)
        yield tmp_path
        tmp_path.chmod(0o755)


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    write_text(path, "old")

    def write_half():
        with atomic(path) as temporary:
            temporary.write_text("half of the n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_sees_half_a_file(tmp_path):
    path = tmp_path / "new" / "file"
    with atomic(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_other_errors_of_the_system_are_not_disguised(tmp_path):
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "file"):
        pass


def test_a_folder_in_the_place_of_a_file_is_told_in_a_line(tmp_path):
    (tmp_path / "there" / "x").mkdir(parents=True)
    with pytest.raises(BlockedError, match=r"there: cannot be written; .*directory"):
        write_text(tmp_path / "there", "x")


def test_where_nothing_can_be_written_is_told_beforehand(tmp_path):
    require_writable(tmp_path / "new" / "file")
    assert [*(tmp_path / "new").iterdir()] == []
    (tmp_path / "file").write_text("kept")
    for place, says in (
        (tmp_path, "is a folder"),
        (Path(), "is a folder"),
        (tmp_path / "file" / "x", "cannot be written"),
    ):
        with pytest.raises(BlockedError, match=says):
            require_writable(place)
    assert (tmp_path / "file").read_text() == "kept"


def test_two_writers_whose_processes_have_one_number_are_in_nobodys_way(tmp_path):
    """On two machines, or in two containers, that share a folder: each job of a cluster may write the same plan."""
    path = tmp_path / "plan.json"
    with atomic(path) as first, atomic(path) as second:
        first.write_text("first")
        second.write_text("second")
        assert first.read_text() == "first"
    assert path.read_text() == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]
