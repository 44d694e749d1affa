"""Switching presets edits ``params.yaml`` and nothing else in it."""

import pytest

from distillab.core.errors import SpecError
from distillab.params.layers import preset_names
from distillab.params.load import load_params
from distillab.params.switch import use_preset

TEXT = """# What to reproduce.
preset: tiny # the smallest
override:
  seeds: [7] # mine
"""


def test_comments_and_override_are_kept(project):
    root = project()
    (root / "params.yaml").write_text(TEXT)
    said = use_preset(root, "digits")
    assert (root / "params.yaml").read_text() == TEXT.replace("preset: tiny", "preset: digits")
    assert "preset tiny -> digits; the override is kept" in said
    assert load_params(root).preset == "digits"
    assert load_params(root).seeds == (7,)


def test_without_an_override_none_is_mentioned(project):
    assert "override" not in use_preset(project(), "digits")


@pytest.mark.parametrize("text", ["", "# mine\n", "---\n"])
def test_parameters_without_content_get_a_preset(project, text):
    root = project()
    (root / "params.yaml").write_text(text)
    assert "preset none -> digits" in use_preset(root, "digits")
    assert (root / "params.yaml").read_text() == f"{text}preset: digits\n"
    assert load_params(root).preset == "digits"


def test_an_unknown_preset_changes_nothing(project):
    root = project()
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(SpecError, match=r"no such preset; expected one of .*tiny.*; got 'dgits'"):
        use_preset(root, "dgits")
    assert (root / "params.yaml").read_bytes() == before


def test_without_params_it_says_where_to_run(project):
    root = project()
    (root / "params.yaml").unlink()
    with pytest.raises(SpecError, match="run from the project's root"):
        use_preset(root, "digits")
    assert not (root / "params.yaml").exists()


def test_what_is_said_in_full(project):
    root = project({"seeds": [3]})
    after = "now run `snakemake` or `dvc repro`"
    assert use_preset(root, "digits") == f"params.yaml: preset tiny -> digits; the override is kept; {after}"
    assert use_preset(project(), "mnist") == f"params.yaml: preset tiny -> mnist; {after}"
    with pytest.raises(SpecError) as error:
        use_preset(root, "base")
    names = ", ".join(preset_names(root / "config"))
    assert str(error.value) == f"distillab use: no such preset; expected one of {names}; got 'base'"


def test_letters_of_all_languages_are_kept(project):
    root = project()
    text = "# größer\npreset: tiny\n"
    (root / "params.yaml").write_text(text, encoding="utf-8")
    use_preset(root, "mnist")
    assert (root / "params.yaml").read_text(encoding="utf-8") == text.replace("tiny", "mnist")
