"""``distillab audit``: the example, the folder that it makes, and what it refuses before anything runs."""

import pytest
import yaml

from distillab.cli.audit import LINKED, _prepare
from distillab.cli.main import main, parser
from distillab.params.audit_file import read_audit


def test_it_stands_first_among_the_commands():
    assert parser().format_help().partition("  COMMAND\n")[2].split()[0] == "audit"


def test_the_example_is_an_audit_and_replaces_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "--example"]) == 0
    assert "set model and images" in capsys.readouterr().out
    assert read_audit(tmp_path / "audit.yaml").seeds == 5
    (tmp_path / "audit.yaml").write_text("mine")
    assert main(["audit", "--example"]) == 2
    assert "audit.yaml: is there already" in capsys.readouterr().err
    assert (tmp_path / "audit.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file; `distillab audit --example` writes one"),
        ("model: [", "not YAML"),
        ("images: photos\n", "audit.yaml: model: missing"),
        ("model: {onnx: m.onnx}\nimages: nowhere\n", "audit.yaml: images: no such folder or archive"),
    ],
)
def test_what_is_no_audit_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, capsys, content, said):
    for name in ("Snakefile", "config/audit.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "audit.yaml").write_text(content)
    assert main(["audit", "audit.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "audits").exists()


def test_without_a_file_it_says_what_to_do(capsys):
    assert main(["audit"]) == 2
    assert "--example writes one" in capsys.readouterr().err


def test_the_folder_of_a_run_is_a_project_that_can_be_moved(tmp_path):
    run = tmp_path / "audits" / "mine"
    for name in LINKED:
        (tmp_path / name).mkdir()
    for seeds in (3, 4):
        _prepare(run, tmp_path, {"seeds": [*range(seeds)]})
        params = yaml.safe_load((run / "params.yaml").read_text())
        assert params == {"preset": "audit", "override": {"seeds": [*range(seeds)]}}
    before = (run / "params.yaml").stat().st_mtime_ns
    _prepare(run, tmp_path, {"seeds": [0, 1, 2, 3]})
    assert (run / "params.yaml").stat().st_mtime_ns == before
    tmp_path.joinpath("audits").rename(moved := tmp_path / "elsewhere")
    assert all((moved / "mine" / name).samefile(tmp_path / name) for name in LINKED)
    assert not any((moved / "mine" / name).readlink().is_absolute() for name in LINKED)
