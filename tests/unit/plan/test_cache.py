"""The cached plan is the plan of these very sources, or it is built again."""

from pathlib import Path

import pytest

from distillab.core.errors import SpecError
from distillab.core.job import read_plan
from distillab.plan import build, cache
from distillab.plan.cache import load_plan, plan_path


@pytest.fixture
def built(monkeypatch):
    """Counts how often a plan is built."""
    calls = []
    real = build.build_plan
    monkeypatch.setattr(build, "build_plan", lambda root: calls.append(root) or real(root))
    return calls


def test_a_plan_is_built_once(project, built):
    root = project()
    assert load_plan(root) == load_plan(root)
    assert len(built) == 1


def test_an_edited_cache_is_built_again(project, built):
    root = project()
    plan = load_plan(root)
    path = plan_path(root)
    edited = path.read_text().replace('"seeds":[0,1]', '"seeds":[0,9]', 1)
    assert edited != path.read_text()
    path.write_text(edited)
    assert load_plan(root) == plan
    assert len(built) == 2
    assert read_plan(path) == plan, "and written anew"


def test_another_plan_under_this_name_is_built_again(project, built):
    plan = load_plan(project())
    other = load_plan(project({"seeds": [5]}))
    other_path = plan_path(project({"seeds": [5]}))
    other_path.rename(plan_path(project()))
    assert load_plan(project()) == plan != other
    assert len(built) == 3


@pytest.mark.parametrize(
    "source", ["params.yaml", "config/base.yaml", "reports/index.py", "benchmarks/certify/results/scaling.json"]
)
def test_every_source_has_a_part_in_the_name(project, source):
    root = project()
    file = root / source
    file.parent.mkdir(parents=True, exist_ok=True)
    before = plan_path(root)
    file.write_text(f"{file.read_text() if file.exists() else ''}\n")
    assert plan_path(root) != before


@pytest.mark.parametrize(
    ("name", "value"),
    [("processor", lambda: "another"), ("gpus_here", lambda: ["0"]), ("version", lambda _package: "another")],
)
def test_so_has_the_hardware_that_its_figures_are_for(project, monkeypatch, name, value):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    root = project()
    before = plan_path(root)
    monkeypatch.setattr(cache, name, value)
    assert plan_path(root) != before


def test_a_gpus_driver_has_a_part_in_the_name_where_there_is_a_gpu(project, monkeypatch):
    root, names = project(), []
    for visible in ("", "0"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        for said in ("550.1", "560.2"):
            monkeypatch.setattr(cache, "driver", lambda said=said: said)
            names.append(plan_path(root))
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_a_file_that_moves_is_another_source(project):
    root = project()
    (root / "reports" / "template").mkdir()
    (root / "reports" / "template" / "a.txt").write_text("a")
    before = plan_path(root)
    (root / "reports" / "template" / "a.txt").rename(root / "reports" / "a.txt")
    assert plan_path(root) != before


def test_the_name_does_not_depend_on_the_order_in_which_a_disk_lists_files(project, monkeypatch):
    root, listed = project(), Path.glob
    before = plan_path(root)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: reversed(list(listed(self, pattern))))
    assert plan_path(root) == before


def test_a_plan_is_kept_in_the_hidden_folder_under_128_bits(project):
    path = plan_path(project())
    assert path.parent == project() / ".distillab" / "plans"
    assert (len(path.stem), path.suffix) == (32, ".json")
    assert int(path.stem, 16) >= 0


def test_a_model_that_changed_is_planned_anew(project, tmp_path):
    weights = tmp_path / "net.pth"
    weights.write_bytes(b"first")
    root = project({"models": {"mine": {"weights": str(weights), "arch": "cnn_digits"}}})
    first = load_plan(root).members["mine-cnn_digits-s0"]
    assert load_plan(root).members["mine-cnn_digits-s0"].key == first.key
    weights.write_bytes(b"other")
    other = load_plan(root).members["mine-cnn_digits-s0"]
    assert (other.key != first.key, other.spec["content"] != first.spec["content"]) == (True, True)
    weights.rename(tmp_path / "moved.pth")
    with pytest.raises(SpecError, match=r"models\.mine: .*no such file"):
        load_plan(root)
