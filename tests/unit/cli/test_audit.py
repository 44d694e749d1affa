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


@pytest.fixture
def in_project(tmp_path, monkeypatch):
    """An empty project as the working directory, and an audit in it."""
    for name in ("Snakefile", "config/audit.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audit.yaml").write_text("model: {onnx: m.onnx}\nimages: photos\n")
    return tmp_path


@pytest.mark.parametrize("options", [[], ["--plan"], ["-n"]])
def test_nothing_is_written_into_an_audit_that_goes_on(in_project, run_of_another, capsys, options):
    run = in_project / "audits" / "audit"
    (run / ".distillab").mkdir(parents=True)
    (run / "params.yaml").write_text("as it runs")
    with run_of_another(run):
        assert main(["audit", "audit.yaml", *options]) == 3
    assert "a run goes on in this project" in capsys.readouterr().err
    assert (run / "params.yaml").read_text() == "as it runs"


@pytest.mark.parametrize("name", ["...yaml", "my audit.yaml", f"{'a' * 41}.yaml"])
def test_a_file_whose_name_is_none_for_a_folder_is_told_in_a_line(in_project, capsys, name):
    (in_project / "audit.yaml").rename(in_project / name)
    assert main(["audit", name]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}: no name for the audit's folder; expected at most 40 letters, digits, _ and -; write name:" in line


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
