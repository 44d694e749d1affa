"""The journal: cut anywhere, locked among processes, and never made from what is none."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from distillab.blackbox.journal import DIGEST, Request, opened
from distillab.core.errors import ArtifactError, BlockedError, BusyError


def request(i, n=2):
    hashes = tuple(bytes([i, j]).ljust(DIGEST, b"\0") for j in range(n))
    return Request(f"key-{i}", "npy", hashes, bytes([i]) * 300)


def answers(i, n=2):
    return np.full((n, 3), i, dtype=np.float32)


def write(journal, numbers):
    """Ask and get answers."""
    for i in numbers:
        journal.leaves(request(i))
        journal.answered(request(i), answers(i), 0.5)


def copy_cut(path, folder, size):
    """What a machine that lost power while ``path`` was written may find: its log cut at that byte."""
    folder.mkdir(exist_ok=True)
    (folder / "journal.sqlite").write_bytes(path.read_bytes())
    (folder / "journal.sqlite-wal").write_bytes(path.with_name(f"{path.name}-wal").read_bytes()[:size])
    return folder / "journal.sqlite"


def test_a_torn_journal_is_what_it_was_after_some_commit(tmp_path):
    path, marks = tmp_path / "journal.sqlite", []
    log = tmp_path / "journal.sqlite-wal"
    with opened(path) as journal:
        for i in range(4):
            journal.leaves(request(i))
            marks.append((log.stat().st_size, i, True))
            journal.answered(request(i), answers(i), 0.5)
            marks.append((log.stat().st_size, i + 1, False))
        whole = log.read_bytes()
        cuts = [*range(marks[0][0], len(whole), 1500), *(size + d for size, *_ in marks for d in (-1, 0, 1))]
        for cut in sorted({cut for cut in cuts if marks[0][0] <= cut <= len(whole)}):
            _, there, flying = max(mark for mark in marks if mark[0] <= cut)
            with opened(copy_cut(path, tmp_path / "cut", cut)) as torn:
                assert torn.torn == flying
                kept = torn.known(image for i in range(4) for image in request(i).images)
                assert kept.keys() == {image for i in range(there) for image in request(i).images}
                assert all((kept[image] == i).all() for i in range(there) for image in request(i).images)
                assert torn.unanswered() == ([request(there)] if flying else [])
                assert torn.paid().possibly_twice == 2 * flying
            shutil.rmtree(tmp_path / "cut")


def test_a_bit_that_falls_over_is_no_answer(tmp_path):
    path = tmp_path / "journal.sqlite"
    with opened(path) as journal:
        write(journal, range(4))
        content = bytearray(path.with_name("journal.sqlite-wal").read_bytes())
        for place in range(40, len(content), 4999):
            broken = copy_cut(path, tmp_path / "cut", None)
            content[place] ^= 4
            broken.with_name("journal.sqlite-wal").write_bytes(content)
            content[place] ^= 4
            with opened(broken) as torn:
                kept = torn.known(image for i in range(4) for image in request(i).images)
                assert all((row == image[0]).all() for image, row in kept.items())
            shutil.rmtree(tmp_path / "cut")


def test_what_became_of_requests_is_counted(tmp_path):
    with opened(tmp_path / "journal.sqlite") as journal:
        journal.leaves(request(1))
        journal.lost(request(1), 1.0)
        journal.leaves(request(1))
        journal.turned_away(request(1), 0.25)
        assert journal.unanswered() == [request(1)]
        journal.leaves(request(1))
        journal.answered(request(1), answers(1), 0.5)
        journal.leaves(request(2, n=3))
        journal.lost(request(2, n=3), 0)
        journal.give_up([request(2, n=3)])
        assert journal.unanswered() == []
        paid = journal.paid()
    assert (paid.answers, paid.requests, paid.possibly_twice, paid.seconds) == (2, 4, 5, 1.75)
    with opened(tmp_path / "journal.sqlite") as journal:
        assert journal.paid() == paid
        assert journal.torn == 0


HOLD = """
import sys
from pathlib import Path
from distillab.blackbox.journal import Request, opened
with opened(Path(sys.argv[1])) as journal:
    journal.leaves(Request("key", "npy", (b"0" * 16,), b"body"))
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_holds_it_and_one_that_is_killed_lets_go(tmp_path):
    path = tmp_path / "journal.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match=f"pid {process.pid}"), opened(path, wait=False):
        pytest.fail("two writers")
    process.kill()
    process.communicate()
    with opened(path) as journal:
        assert journal.torn == 1
        assert [each.key for each in journal.unanswered()] == ["key"]
    with opened(path) as journal:
        assert journal.torn == 0


@pytest.mark.parametrize("content", [b"no database at all, but long enough" * 100, b"SQLite format 3\0" + b"\1" * 4096])
def test_another_file_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"journal\.sqlite: is no journal of answers"), opened(path):
        pytest.fail("opened")
    assert path.read_bytes() == content


def test_another_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    content = path.read_bytes()
    with pytest.raises(ArtifactError, match="another database"), opened(path):
        pytest.fail("opened")
    assert path.read_bytes() == content


def test_a_full_disk_is_one_line(tmp_path):
    with opened(tmp_path / "journal.sqlite") as journal:
        write(journal, [1])
        journal._connection.execute("PRAGMA max_page_count = 5")
        with pytest.raises(BlockedError, match=r"journal\.sqlite: the disk is full; nothing that was answered is lost"):
            write(journal, range(2, 200))
    with opened(tmp_path / "journal.sqlite") as journal:
        assert len(journal.known(request(1).images)) == 2
