"""Stage ``report``: which report, tables and scratch folder a page is made from, and that its tables are checked."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.stages import STAGES
from distillab.core.workspace import Product
from distillab.reporting import page


@pytest.fixture
def stage(monkeypatch, tmp_path):
    """A member, its workspace and entry, what is rendered, and what is checked, in order."""
    calls = []
    monkeypatch.setattr(page, "render", lambda *given, **more: calls.append(("render", *given, more)))
    workspace = SimpleNamespace(
        root=tmp_path, plan=SimpleNamespace(preset="tiny"), verified_path=lambda name: calls.append(("check", name))
    )
    member = SimpleNamespace(parents={"models": "collect-models", "facts": "collect-facts"}, spec={"report": "ta"})
    return (
        member,
        workspace,
        SimpleNamespace(payload=tmp_path / "ta.html", beside=lambda suffix: tmp_path / f"beside{suffix}"),
        calls,
    )


def test_a_page_is_made_from_the_checked_tables_of_its_preset(stage, tmp_path):
    member, workspace, entry, calls = stage
    assert page.make(member, workspace, entry) == Product("cpu")
    rendered = (
        Path(tmp_path / "reports" / "ta.py"), {"tables": f"{tmp_path.as_posix()}/results/tiny/tables/ta"},
        tmp_path / "ta.html", tmp_path / ".distillab" / "notebooks" / "tiny",
        dict(zip(("executed", "card"), (tmp_path / f"beside{s}" for s in STAGES["report"].beside), strict=True)),
    )  # fmt: skip
    assert calls == [("check", "collect-models"), ("check", "collect-facts"), ("render", *rendered)]


def test_no_page_is_made_from_an_edited_table(stage):
    member, workspace, entry, calls = stage

    def edited(name):
        raise ArtifactError("edited", where=name)

    workspace.verified_path = edited
    with pytest.raises(ArtifactError, match="collect-models: edited"):
        page.make(member, workspace, entry)
    assert calls == []
