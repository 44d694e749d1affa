"""Reading and merging layers: whose value wins, and the one line about a file that cannot be read."""

import os

import pytest

from distillab.core.errors import SpecError
from distillab.params.layers import merge, preset_names, read_layers, read_yaml


@pytest.fixture
def layers(tmp_path):
    """Write files of a project; return the path of its ``params.yaml``."""
    (tmp_path / "config").mkdir()
    usual = {"config/base.yaml": "a: 1\nb: 1\nc: 1\n", "config/big.yaml": "b: 2\nc: 2\n", "config/small.yaml": ""}

    def write(params, **files):
        for name, text in (usual | files | {"params.yaml": params}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "params.yaml"

    return write


def test_the_override_is_over_the_preset_and_the_preset_over_the_base(layers):
    assert read_layers(layers("preset: big\noverride: {c: 3}\n")).merged() == {"a": 1, "b": 2, "c": 3, "preset": "big"}
    assert read_layers(layers("preset: small\n")).merged() == {"a": 1, "b": 1, "c": 1, "preset": "small"}
    merged = read_layers(layers("preset: small\noverride:\n"), "big").merged()
    assert merged == {"a": 1, "b": 2, "c": 2, "preset": "big"}


def test_files_are_utf8(layers):
    (path := layers("preset: big\n")).write_bytes("preset: big\noverride: {t: Büßer}\n".encode())
    assert read_layers(path).merged()["t"] == "Büßer"


def test_presets_are_in_order_and_the_base_is_none(layers):
    folder = layers("").parent / "config"
    for name in ("zeta", "alpha", "mu", "beta"):
        (folder / f"{name}.yaml").write_text("")
    (folder / "notes.txt").write_text("")
    assert preset_names(folder) == ["alpha", "beta", "big", "mu", "small", "zeta"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (
            "preset: bigg\n",
            "params.yaml: preset: no such preset; expected one of big, small; got 'bigg'; did you mean big?",
        ),
        ("preset: xyz\n", "params.yaml: preset: no such preset; expected one of big, small; got 'xyz'"),
        ("preset: base\n", "params.yaml: preset: no such preset; expected one of big, small; got 'base'"),
        ("override: {}\n", "params.yaml: preset: no such preset; expected one of big, small; got None"),
        (
            "preset: big\nseeds: 1\nb: 2\n",
            "params.yaml: seeds, b: no such key here; expected preset, override; "
            "what is different from the preset goes under override",
        ),
        (
            "preset: big\noverride: [1]\n",
            "params.yaml: override: not a mapping; expected key: value lines or {}; got list",
        ),
        (
            "preset: big\noverride: {preset: small}\n",
            "params.yaml: override.preset: no such key here; the preset is chosen beside override",
        ),
    ],
)  # fmt: skip
def test_a_wrong_params_file_is_told_in_full(layers, params, says):
    with pytest.raises(SpecError) as error:
        read_layers(layers(params))
    assert str(error.value) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no such file; run from the project's root folder"),
        ("- a\n", "not a mapping; expected key: value lines; got list"),
        ("5\n", "not a mapping; expected key: value lines; got int"),
    ],
)
def test_a_wrong_file_is_told_in_full(tmp_path, text, says):
    path = tmp_path / "x.yaml"
    if text:
        path.write_text(text)
    with pytest.raises(SpecError) as error:
        read_yaml(path)
    assert str(error.value) == f"{path}: {says}"


@pytest.mark.parametrize("name", ["a{seed}b", "a b", "-n", "x;id", "$(id)", "a" * 41, "\x1b[31m", "a\nb"])
def test_a_preset_is_named_as_a_path_and_a_wildcard_may_be(layers, name):
    path = layers("")
    (path.parent / "config" / f"{name}.yaml").write_text("")
    with pytest.raises(SpecError) as error:
        read_layers(path, name)
    assert str(error.value).startswith("params.yaml: preset: a preset's name; expected at most 40 letters")
    assert str(error.value).endswith("rename its file")
    assert str(error.value).isprintable()


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.yaml")
    with pytest.raises(SpecError, match=r"x.yaml: not a file$"):
        read_yaml(tmp_path / "x.yaml")


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    (tmp_path / "x.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "x.yaml") == {}


@pytest.mark.parametrize(
    ("low", "high", "merged"),
    [
        ({"a": 1, "b": {"c": 1, "d": 1}}, {"b": {"d": 2}}, {"a": 1, "b": {"c": 1, "d": 2}}),
        ({"m": {"name": "x", "c": 1}}, {"m": {"name": "x", "d": 2}}, {"m": {"name": "x", "c": 1, "d": 2}}),
        ({"m": {"name": "x", "c": 1}}, {"m": {"name": "y", "d": 2}}, {"m": {"name": "y", "d": 2}}),
        ({"m": {"name": "x", "c": 1}}, {"m": {"d": 2}}, {"m": {"name": "x", "c": 1, "d": 2}}),
        ({"m": {"c": 1}}, {"m": {"name": "x"}}, {"m": {"name": "x"}}),
        ({"m": {"c": 1}}, {"m": 5}, {"m": 5}),
        ({"m": 5}, {"m": {"c": 1}}, {"m": {"c": 1}}),
        ({"a": 1, "b": 2, "c": 3}, {"*": None, "b": 5, "d": 6}, {"b": 5, "d": 6}),
        ({"a": 1, "b": {"c": 3}}, {"*": None, "b": {}}, {"b": {"c": 3}}),
        ({"a": 1}, {"*": {"b": 2}}, {"a": 1, "*": {"b": 2}}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merging_by_hand(low, high, merged):
    assert merge(low, high) == merged
    assert list(merge(low, high)) == list(merged)
