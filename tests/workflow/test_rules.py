"""What runs, what does not run again, and what is refused before anything runs."""

import re
from collections.abc import Callable

import pytest
import torch
from project import MODELS, ONE_STUDY, TABLES, TEACHERS, Project, different, rules_run

from distillab.core.stages import BATCHABLE, STAGES

pytestmark = pytest.mark.workflow

EVERY_RULE = {
    "prepare",
    "teach",
    "baseline",
    "knockoff",
    "distill",
    "measure",
    "sensitivity",
    "attack",
    "certify",
    "collect",
    "report",
}


def test_dry_run_shows_every_rule(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    assert rules_run(project.snakemake("-n")) == EVERY_RULE
    assert not project.results.exists()


def test_rules_that_compute_ask_for_a_gpu_where_one_is_wanted(
    fresh: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``auto`` where torch sees one, as the jobs will: a GPU that it does not see is told in one line."""
    project, computing = fresh("project"), EVERY_RULE - {"prepare", "collect", "report"}
    seen = computing if torch.cuda.is_available() else set()
    cases = {("", "auto"): set(), ("", "cuda"): computing, ("0", "cpu"): set(), ("0", "auto"): seen,
             ("0,1", "cuda"): computing}  # fmt: skip
    for (visible, device), expected in cases.items():
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        project.choose({"device": device})
        said = project.snakemake("-n")
        rules = re.findall(r"rule (\w+):.*?resources: (.*?)\n", said, re.S)
        assert ("sees none of this machine's GPUs" in said) is ((visible, device) == ("0", "auto") and not seen)
        assert {rule for rule, resources in rules if "gpu=1" in resources} == expected, (visible, device)
    prepared = "results/tiny/receipts/prepare/all.json"
    assert re.search(r"Provided resources: gpu=\D*2", project.snakemake("-p", prepared))
    (project.root / prepared).unlink()
    assert re.search(r"Provided resources: gpu=\D*5", project.snakemake("-p", "--resources", "gpu=5", "--", prepared))


def test_each_job_of_an_unbatched_preset_is_found_by_its_receipt(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    project.choose(preset="mnist_robust")
    said = project.snakemake("-n")
    assert rules_run(said) <= EVERY_RULE
    assert "Exception" not in said
    receipts = "results/mnist_robust/receipts/attack"
    output = next(line.split()[1] for line in said.splitlines() if f"output: {receipts}" in line)
    assert f"output: {output}\n" in project.snakemake("-n", output)
    nobodys = f"{receipts}/teachers/ce-wong_small/fgsm/raw/7.json"
    (line,) = [line for line in project.snakemake("-n", nobodys, check=False).splitlines() if "in the plan" in line]
    assert line.strip() == ("a job in the plan (got attack teachers/ce-wong_small/fgsm/raw/7; see `distillab attack`)")


def test_a_run_makes_the_pages_and_the_metrics(finished: Project) -> None:
    assert (finished.results / "reports" / "index.html").stat().st_size > 10_000
    assert (finished.results / "metrics.json").exists()
    assert len(finished.payloads()) > 40


def test_a_run_without_a_terminal_is_told_in_few_plain_lines_and_ends_with_its_answer(finished: Project) -> None:
    lines = finished.said.read_text(encoding="utf-8").splitlines()
    assert "\033" not in "".join(lines)
    assert len(lines) < 40
    assert any(line.startswith("Stealing 4 teachers with 2 attacks, 16 of 16") for line in lines)
    assert lines[-2].endswith(".")
    assert re.fullmatch(r"Made in .*: results/tiny/reports/index\.html", lines[-1])


def test_second_run_does_nothing(finished_copy: Project) -> None:
    assert "Nothing to be done" in finished_copy.snakemake()


def test_one_study_alone(fresh: Callable[[str], Project]) -> None:
    """Its page, and all that this shows; other pages and what only these show are left."""
    said = fresh("project").snakemake("-n", "undistillable")
    assert rules_run(said) == EVERY_RULE - {"distill", "sensitivity", "certify"} | {"undistillable"}
    for page, planned in {"undistillable": True, "index": False, "ta": False, "certified": False}.items():
        assert (f"output: results/tiny/reports/{page}.html" in said) == planned, page


def test_an_attack_parameter_reruns_its_descendants_only(finished_copy: Project) -> None:
    finished_copy.choose({"robustness": {"attacks": {"pgd_linf": {"eps": 0.2}}}})
    assert rules_run(finished_copy.snakemake("-n")) == {"attack", "collect", "report"}
    before = finished_copy.payloads()
    finished_copy.snakemake(*TABLES)
    changed = different(before, finished_copy.payloads())
    assert changed
    assert all(name.startswith(("attacks/", "tables/", "plots/", "metrics")) for name in changed)
    assert not [name for name in changed if "cw_l2" in name]


def test_a_new_seed_trains_its_own_members_only(finished_copy: Project) -> None:
    finished_copy.choose({"seeds": [0, 1, 2]})
    finished_copy.snakemake(*ONE_STUDY)
    log = finished_copy.log("teach")
    assert "ce-cnn_digits-s0: from the store" in log
    assert "ce-cnn_digits-s2: made in" in log
    assert "s0: made in" not in log


def test_batch_axes_change_the_jobs_and_train_nothing(finished_copy: Project) -> None:
    before = finished_copy.payloads()
    finished_copy.choose({"batch": {"teach": ["seed"], "attack": ["attack", "seed", "family"]}})
    finished_copy.snakemake(*ONE_STUDY)
    for log in (finished_copy.results / "logs" / "teach").glob("*cnn_digits.log"):
        assert "made in" not in log.read_text()
    assert len(list((finished_copy.results / "logs" / "teach").glob("*cnn_digits.log"))) == 4
    assert different(before, finished_copy.payloads()) == []


def test_bytes_do_not_depend_on_cores_or_batches(finished: Project, fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    project.choose({"batch": {"teach": ["seed"], "knockoff": ["seed"], "attack": ["attack", "family"]}})
    project.run("snakemake", "--cores", "1", *MODELS)
    ours, theirs = project.payloads(), finished.payloads()
    assert {STAGES[name].folder for name in BATCHABLE} <= {name.partition("/")[0] for name in ours}
    assert [name for name in different({name: theirs[name] for name in ours}, ours) if "facts" not in name] == []


@pytest.mark.parametrize(
    ("old", "new", "rerun"),
    [
        ("label_smoothing: float = Field(default=0.05", "label_smoothing: float = Field(default=0.06", {"teach"}),
        ('"""LS: label smoothing', '# a comment\n"""LS: label  smoothing', set()),
    ],
    ids=["code", "comment"],
)
def test_code_reruns_what_it_makes(finished_copy: Project, old: str, new: str, rerun: set[str]) -> None:
    finished_copy.edit("src/distillab/defenses/ls.py", old, new)
    said = rules_run(finished_copy.snakemake("-n"))
    assert said == (set() if not rerun else said | rerun)
    assert bool(said) == bool(rerun)
    if rerun:
        finished_copy.snakemake(*TEACHERS)
        log = finished_copy.log("teach", "all/for_undistillable")
        assert "st-cnn_digits-s0: from the store" in log
        assert "ls-cnn_digits-s0: made in" in log


def test_a_registry_line_reruns_nothing(finished_copy: Project) -> None:
    finished_copy.edit(
        "src/distillab/defenses/__init__.py", "from distillab.core", "import json\n\nfrom distillab.core"
    )
    assert "Nothing to be done" in finished_copy.snakemake()


def test_presets_stay_side_by_side(finished_copy: Project) -> None:
    finished_copy.run("distillab", "use", "digits")
    assert rules_run(finished_copy.snakemake("-n")) == EVERY_RULE
    finished_copy.run("distillab", "use", "tiny")
    assert "Nothing to be done" in finished_copy.snakemake()


def test_command_line_config_is_refused(finished_copy: Project) -> None:
    done = finished_copy.run("snakemake", "--cores", "2", "--config", "preset=digits", check=False)
    assert done.returncode != 0
    assert "parameters are read from params.yaml only" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_wrong_parameters_are_shown_before_any_job(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    wrong = {"sedes": [1], "train": {"epochs": "many"}, "robustness": {"attacks": {"pgd_linf": {"epss": 1}}}}
    project.choose(wrong)
    done = project.run("snakemake", "--cores", "2", check=False)
    assert done.returncode != 0
    for part in (
        "sedes",
        "did you mean seeds?",
        "train.epochs",
        "robustness.attacks.pgd_linf.epss",
        "did you mean eps?",
    ):
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "Job stats" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"pairs": [{"teacher": "papernot_mnist", "student": "cnn_digits"}]}, "papernot_mnist does not fit"),
        ({"data": {"val": 0}, "knockoff": {"label_smoothing": [0.1, 0.2]}}, "knockoff.label_smoothing"),
        ({"batch": {"teach": ["colour"]}}, "batch.teach"),
    ],
)
def test_impossible_combinations_are_refused(fresh: Callable[[str], Project], override: dict, said: str) -> None:
    project = fresh("project")
    project.choose(override)
    done = project.run("distillab", "check", check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_data_says_what_to_put_where(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    project.choose(
        {"data": {"name": "tiny_imagenet", "val": 0}, "pairs": [{"teacher": "resnet20", "student": "resnet20"}]}
    )
    done = project.run("distillab", "prepare", "all", check=False)
    assert done.returncode == 3
    lines = [line for line in done.stderr.splitlines() if line.startswith("distillab:")]
    assert len(lines) == 1
    assert "data" in lines[0]


def test_lint_finds_nothing_but_the_conda_habit(fresh: Callable[[str], Project]) -> None:
    done = fresh("project").run("snakemake", "--lint", check=False)
    complaints = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("* ")]
    assert [line for line in complaints if "Specify a conda environment" not in line] == []
