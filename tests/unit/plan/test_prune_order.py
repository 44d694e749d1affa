"""In which order prune lists, what sizes it adds up, and which of several kept plans it keeps."""

import os
import shutil

import pytest

from distillab.core.store import Store
from distillab.plan.cache import load_plan, plan_path
from distillab.plan.prune import prune, readable

SMALL = {
    "studies": ["undistillable"], "seeds": [0], "defenses": {"*": None, "ce": {}},
    "knockoff": {"attacks": {"mkd": None}}, "robustness": {"attacks": {"*": None}},
}  # fmt: skip


@pytest.fixture
def small(project):
    """Choose a small plan of a preset, cached; return the project's root."""

    def choose(preset="tiny", **override):
        root = project(SMALL | override, preset)
        load_plan(root)
        return root

    return choose


def write(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_strays_are_listed_in_order_with_their_sizes_and_the_sum(small):
    results = small() / "results" / "tiny"
    names = ("teachers/zeta/s0", "alpha", "teachers/beta", "students/mu", "attacks/x", "measures/y", "b", "a.json")
    strays = [write(results / name, 300 + i) for i, name in enumerate(names)]
    elsewhere = write(results.parent / "digits" / "mine", 5)
    *lines, total = prune(results.parents[1], delete=False)
    listed = sorted(strays)
    assert lines == [f"{path.stat().st_size:>7} B  {path}  (not in the plan)" for path in listed]
    assert total == "   2.4 KB  in 8 places could be deleted with --yes"
    assert elsewhere.exists()


def test_a_manifest_and_its_signature_are_no_strays(small):
    results = small() / "results" / "tiny"
    for name in ("manifest.json", "manifest.json.sig"):
        write(results / name, 3)
    assert list(prune(results.parents[1], delete=False)) == ["nothing to prune"]


def test_a_stray_that_somebody_else_deletes_is_no_error(small):
    root = small()
    strays = [write(root / "results" / "tiny" / name, 3) for name in ("one", "two")]
    for line in prune(root, delete=True):
        if "one" in line:
            strays[0].unlink()
    assert not any(path.exists() for path in strays)


def test_an_unfinished_entry_has_the_size_of_its_files(small):
    root = small()
    entry = Store(root / ".distillab" / "store").entry("teach", "0" * 32, ".safetensors")
    write(entry.folder / "checkpoint", 700)
    write(entry.folder / "deep" / "file", 500)
    line, total = prune(root, delete=False)
    assert line == f"   1.2 KB  {entry.folder}  (unfinished)"
    assert total.startswith("   1.2 KB  in 1 place ")
    list(prune(root, delete=True))
    assert not entry.folder.exists()


def test_the_newest_plan_of_every_other_preset_is_kept(small):
    plans = []
    shutil.copy(small() / "config" / "tiny.yaml", small() / "config" / "twin.yaml")
    for age, seed in ((30, 5), (10, 6), (20, 7)):  # the second is the newest
        root = small("twin", seeds=[seed])
        plans.append(plan_path(root))
        os.utime(plans[-1], ns=(10**18 - age, 10**18 - age))
    for path in {*(root / ".distillab" / "plans").iterdir()} - {*plans}:
        path.unlink()  # of tiny, before there was a twin
    root = small()
    lines = list(prune(root, delete=False))[:-1]
    assert sorted(line.split()[2] for line in lines) == sorted(map(str, (plans[0], plans[2])))
    assert lines[0].split()[2] == str(plans[0])  # the oldest first
    assert all(line.endswith("(plan of other parameters or code)") for line in lines)
    size = plans[0].stat().st_size
    assert lines[0].startswith(f"{readable(size):>9}  ")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1, "1 B"), (999, "999 B"), (1000, "1.0 KB"), (999_900, "999.9 KB"), (1_000_000, "1.0 MB"),
        (2_500_000_000, "2.5 GB"), (1_000_000_000_000, "1.0 TB"), (3_000_000_000_000_000, "3000.0 TB"),
    ],
)  # fmt: skip
def test_units(size, text):
    assert readable(size) == text
