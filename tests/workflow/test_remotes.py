"""DVC's remotes, a folder and a server that speaks S3's protocol: pushed, interrupted, pulled, cleaned."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from project import Project, commit, git, wait_for

pytestmark = pytest.mark.workflow

BUCKET = "results"


class Folder:
    """A remote on a disk."""

    def __init__(self, root: Path) -> None:
        self.root, self.url, self.settings = root, str(root), dict[str, str]()

    def objects(self) -> dict[str, bytes]:
        """Name, which is the content's MD5, to the content; of what was written under its name."""
        names = (path for path in self.root.glob("files/md5/*/*") if len(path.name) in (30, 34))
        return {path.parent.name + path.name: path.read_bytes() for path in names}


class Bucket:
    """A remote on a server of S3's protocol."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        self.url, self.settings = f"s3://{BUCKET}/dvc", {"endpointurl": endpoint}
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        self.client.create_bucket(Bucket=BUCKET)

    def objects(self) -> dict[str, bytes]:
        """The same."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {
            "".join(key.split("/")[-2:]): self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys
        }


Remote = Folder | Bucket


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket of a server that lives as long as the test."""
    for package in ("moto", "flask", "dvc_s3"):
        pytest.importorskip(package, reason="needs the extra `remotes`; `make nightly` installs it")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        endpoint = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: answers(endpoint), 120)
            yield Bucket(endpoint)
        finally:
            server.kill()


def answers(endpoint: str) -> bool:
    with suppress(OSError), urlopen(f"{endpoint}/moto-api/", timeout=5):
        return True
    return False


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.nightly)])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    return Folder(tmp_path / "remote") if request.param == "folder" else request.getfixturevalue("bucket")


@pytest.fixture
def project(versioned_copy: Project, remote: Remote) -> Project:
    """A finished run that knows the remote."""
    versioned_copy.run("dvc", "remote", "add", "-d", "there", remote.url)
    for name, value in remote.settings.items():
        versioned_copy.run("dvc", "remote", "modify", "there", name, value)
    commit(versioned_copy, "remote")
    return versioned_copy


@pytest.fixture
def has_nothing_to_do(project: Project, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Whether a clone that pulls has the project's bytes, and runs no job."""

    def check() -> None:
        git(project, "clone", "-q", str(project.root), str(tmp_path / "clone"))
        clone = Project(tmp_path / "clone")
        clone.run("dvc", "pull")
        assert clone.payloads() == project.payloads()
        assert "Nothing to be done" in clone.snakemake()

    return check


def whole(objects: dict[str, bytes]) -> bool:
    """Whether every object is what its name says."""
    return all(hashlib.md5(content).hexdigest() == name.removesuffix(".dir") for name, content in objects.items())


def test_a_clone_that_pulls_runs_nothing(
    project: Project, remote: Remote, has_nothing_to_do: Callable[[], None]
) -> None:
    project.run("dvc", "push")
    assert whole(remote.objects())
    has_nothing_to_do()


def test_an_interrupted_push_leaves_nothing_half_written_and_is_ended_by_another(
    project: Project, remote: Remote, has_nothing_to_do: Callable[[], None]
) -> None:
    push = project.start("dvc", "push", "-j", "1")
    wait_for(remote.objects)
    os.killpg(push.pid, signal.SIGKILL)
    assert push.wait() == -signal.SIGKILL
    before = remote.objects()
    assert whole(before)
    project.run("dvc", "push")
    after = remote.objects()
    assert before.keys() < after.keys()
    assert whole(after)
    has_nothing_to_do()


def test_what_no_version_needs_is_removed_here_and_there(
    project: Project, remote: Remote, has_nothing_to_do: Callable[[], None]
) -> None:
    project.run("dvc", "push")
    needed, extra = remote.objects().keys(), project.results / "tables" / "extra.csv"
    extra.write_text("a\n1\n")
    project.run("dvc", "commit", "-f")
    project.run("dvc", "push")
    name = hashlib.md5(extra.read_bytes()).hexdigest()
    assert name in remote.objects()
    extra.unlink()
    project.run("dvc", "commit", "-f")
    project.run("dvc", "gc", "--workspace", "--cloud", "--force")
    assert remote.objects().keys() == needed
    assert not list((project.root / ".dvc" / "cache").rglob(name[2:]))
    has_nothing_to_do()
