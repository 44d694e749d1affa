"""Seeds asked for in ``params.yaml``: the file is whole at any moment, and nothing else in it changes."""

import pytest
import yaml

from distillab.core.errors import SpecError
from distillab.params.asked import AskedCell, ask_in_file, with_asked
from distillab.params.load import load_params

TEXT = """# What to reproduce.
preset: tiny # the smallest
override:
  decide: {looks: [4, 8]} # stated on Monday
  # three are enough
  seeds: [0, 1, 2]
"""

CE, LS = AskedCell("paper", "ce", "kd"), AskedCell("paper", "ls", "mkd")


@pytest.fixture
def root(project):
    """A project with remarks in its ``params.yaml``."""
    found = project()
    (found / "params.yaml").write_text(TEXT)
    return found


def test_remarks_and_overrides_are_kept(root):
    ask_in_file(root, {CE: 4, LS: 8})
    asked = "asked: {paper: {ce: {kd: 4}, ls: {mkd: 8}}}"
    assert (root / "params.yaml").read_text() == TEXT.replace("[4, 8]}", f"[4, 8], {asked}}}")
    params = load_params(root)
    assert params.decide.asked == {"paper": {"ce": {"kd": 4}, "ls": {"mkd": 8}}}
    assert (params.decide.looks, params.seeds) == ((4, 8), (0, 1, 2))


def test_asking_again_replaces_and_adds(root):
    ask_in_file(root, {CE: 4, LS: 4})
    ask_in_file(root, {CE: 8})
    assert load_params(root).decide.asked == {"paper": {"ce": {"kd": 8}, "ls": {"mkd": 4}}}


def test_what_is_written_is_what_was_meant(root):
    asked = {CE: 4, LS: 8}
    meant = with_asked(load_params(root), asked)
    ask_in_file(root, asked)
    assert load_params(root) == meant


@pytest.mark.parametrize(
    "text",
    [
        "preset: tiny\noverride: &mine\n  seeds: [0]\n  decide: &a {looks: [4]}\nother: *mine\n",
        "preset: tiny\nshared: &a {looks: [4]}\noverride:\n  decide: *a\n",
        "preset: tiny\noverride: [1]\n",
    ],
)
def test_what_cannot_be_added_in_place_is_refused_and_nothing_changes(root, text):
    (root / "params.yaml").write_text(text)
    with pytest.raises(SpecError, match=r"params.yaml: decide.asked cannot be added in place; expected .*; got .*; "):
        ask_in_file(root, {CE: 4})
    assert (root / "params.yaml").read_text() == text


def test_a_key_that_yaml_reads_as_something_else_is_refused(root):
    with pytest.raises(SpecError, match="cannot be added"):
        ask_in_file(root, {AskedCell("paper", "true", "kd"): 4})
    assert (root / "params.yaml").read_text() == TEXT


def test_killed_while_it_writes_the_file_is_the_old_one(root, monkeypatch):
    def killed(_path, _target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        ask_in_file(root, {CE: 4})
    assert (root / "params.yaml").read_text() == TEXT
    assert yaml.safe_load(TEXT)["override"]["seeds"] == [0, 1, 2]
    assert sorted(path.name for path in root.iterdir()) == ["config", "params.yaml", "reports"]
