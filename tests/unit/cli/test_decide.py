"""The command that decides: what it runs in which order, what it writes, and how it ends."""

import signal
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from distillab.cli import decide as module
from distillab.cli import main
from distillab.core.locks import exclusive
from distillab.core.receipts import Receipt, write_receipt
from distillab.core.signals import Interrupted
from distillab.params.load import load_params
from distillab.plan import load_plan
from distillab.plan.durations import Taken
from distillab.plan.effort import Effort
from distillab.plan.rounds import Round
from distillab.plan.seeds import cell_seeds

TEXT = """# mine
preset: tiny
override:
  studies: [undistillable]
  seeds: [0, 1, 2]
  defenses: {"*": null, ce: {}, ls: {}}
  knockoff: {attacks: {mkd: null}}
  robustness: {attacks: {pgd_linf: null, cw_l2: null}}
  decide: {looks: [4, 6]} # beforehand
"""


@pytest.fixture
def deciding(project, monkeypatch):
    """The project with two looks, in which snakemake is only told to run, and cells stay open as long as is told."""
    (project / "params.yaml").write_text(TEXT)
    found = SimpleNamespace(root=project, ran=[], codes=[], open=["ce", "ls"], price={"ce": 9.0, "ls": 3.0})
    found.current, found.makes, found.missing = False, True, 0

    def snakemake(stage, page, arguments):
        asked = load_params().decide.asked
        found.ran.append((stage, page, arguments, asked))
        found.current = found.makes
        return found.codes.pop(0) if found.codes else 0

    def look(_page):
        params = load_params()
        is_open = {key: key in found.open for key in ("ce", "ls")}
        knockoff = [
            {"thief": "paper", "defense": key, "attack": "kd", "open": each, "missing": 0}
            for key, each in is_open.items()
        ]
        verdicts = [
            {"thief": "paper", "defense": key, "defense_label": key.upper(), "teacher": f"{key}-cnn_digits",
             "student": "cnn_digits", "verdict": "undecided" if each else "distillable", "reason": "kd says so",
             "seeds": len(cell_seeds(params, "paper", key, "kd")), "price_runs": found.price[key] if each else None,
             "price_seeds": 8.0, "missing": found.missing}
            for key, each in is_open.items()
        ]  # fmt: skip
        return Round(params, load_plan(), knockoff=knockoff, verdicts=verdicts)

    monkeypatch.setattr(module, "_snakemake", snakemake)
    monkeypatch.setattr(module, "_look", look)
    monkeypatch.setattr(module, "_is_current", lambda _page: found.current)
    monkeypatch.setattr("distillab.plan.durations.Durations._taken", lambda *_: Taken(36.0, 0))
    return found


def said(capsys):
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def test_it_looks_asks_and_runs_until_the_looks_are_exhausted(deciding, capsys):
    assert main(["decide"]) == 0
    alone = ["--cores", "all"]
    assert deciding.ran == [
        ("collect", "undistillable", alone, {}),
        ("collect", "undistillable", alone, {"paper": {"ls": {"kd": 4}, "ce": {"kd": 4}}}),
        ("collect", "undistillable", alone, {"paper": {"ls": {"kd": 6}, "ce": {"kd": 6}}}),
        ("report", "undistillable", alone, {"paper": {"ls": {"kd": 6}, "ce": {"kd": 6}}}),
    ]
    out, err = said(capsys)
    assert out[:4] == [
        "asking for seeds, the nearest to a decision first",
        "  ls by paper: kd: 3 -> 4 seeds",
        "  ce by paper: kd: 3 -> 4 seeds",
        out[3],
    ]
    assert out[3].startswith("in all: 2 trainings of knockoffs, ")
    assert out[8:12] == [
        "decided: 0 of 2",
        "not decided: 2",
        "  CE by paper: undecided with 6 seeds: kd says so; probably decided with 8 seeds: 9 trainings of knockoffs, "
        "37.8 min",
        "  LS by paper: undecided with 6 seeds: kd says so; probably decided with 8 seeds: 3 trainings of knockoffs, "
        "12.6 min",
    ]
    assert out[12].startswith("asked for in this call: 6 trainings of knockoffs, ")
    assert out[-1] == "2 open cells without more seeds: they had their last look; decide.looks ends at 6"
    assert err == []


def test_remarks_in_params_are_kept_and_a_second_call_has_nothing_to_ask_for(deciding, capsys):
    assert main(["decide", "--", "--profile", "slurm", "-p"]) == 0
    text = (deciding.root / "params.yaml").read_text()
    asked = "asked: {paper: {ls: {kd: 6}, ce: {kd: 6}}}"
    assert text == TEXT.replace("looks: [4, 6]}", f"looks: [4, 6], {asked}}}")
    assert deciding.ran[0][2] == ["--profile", "slurm", "-p"]
    deciding.ran.clear()
    assert main(["decide"]) == 0
    assert [stage for stage, *_ in deciding.ran] == ["report"]
    assert (deciding.root / "params.yaml").read_text() == text


def test_tables_of_now_are_not_made_again_unless_networks_are_missing(deciding):
    deciding.current, deciding.open = True, []
    assert main(["decide"]) == 0
    assert [stage for stage, *_ in deciding.ran] == ["report"]
    deciding.missing = 1
    assert main(["decide"]) == 0
    assert [stage for stage, *_ in deciding.ran] == ["report", "collect", "report"]


def test_what_is_decided_gets_no_more_seeds(deciding, capsys):
    deciding.open = ["ce"]
    assert main(["decide"]) == 0
    assert load_params().decide.asked == {"paper": {"ce": {"kd": 6}}}
    assert "  LS by paper: distillable with 3 seeds: kd says so" in said(capsys)[0]


@pytest.mark.parametrize(
    ("budget", "asked"),
    [
        (["--seeds", "1"], {"ls": {"kd": 4}}),
        (["--seeds", "2"], {"ls": {"kd": 4}, "ce": {"kd": 4}}),
        (["--seeds", "4"], {"ls": {"kd": 6}, "ce": {"kd": 4}}),
        (["--seeds", "0"], None),
        (["--hours", "0.0699"], None),  # seven members of 36 seconds, one of them a training of a knockoff
        (["--hours", "0.07"], {"ls": {"kd": 4}}),
        (["--hours", "1"], {"ls": {"kd": 6}, "ce": {"kd": 6}}),
    ],
)
def test_a_budget_ends_it_as_planned(deciding, capsys, budget, asked):
    assert main(["decide", *budget]) == 0
    assert load_params().decide.asked == ({"paper": asked} if asked else {})
    out, _ = said(capsys)
    assert out[-1].endswith("beyond what this call may spend") == (budget != ["--hours", "1"])


def test_a_dry_run_says_what_it_would_do_and_does_nothing(deciding, capsys):
    deciding.current = True
    assert main(["decide", "-n", "--seeds", "1"]) == 0
    out, _ = said(capsys)
    assert out[:2] == ["would ask for seeds, the nearest to a decision first", "  ls by paper: kd: 3 -> 4 seeds"]
    assert out[2].startswith("in all: 1 training of knockoffs, 4.2 min; ")
    assert (deciding.ran, (deciding.root / "params.yaml").read_text()) == ([], TEXT)
    deciding.open = []
    assert main(["decide", "--dry-run"]) == 0
    assert said(capsys)[0][0] == "decided: 2 of 2"


def test_a_dry_run_without_tables_says_that_they_come_first(deciding, capsys):
    assert main(["decide", "-n"]) == 0
    (line,) = said(capsys)[0]
    assert line.startswith("the tables are not there or out of date: `snakemake` first")
    assert deciding.ran == []


def test_a_run_that_made_no_tables_ends_it_with_its_code(deciding, capsys):
    deciding.makes, deciding.codes = False, [1]
    assert main(["decide"]) == 1
    assert said(capsys) == (
        [],
        ["distillab: snakemake ended with code 1, without tables; the same command goes on"],
    )
    assert load_params().decide.asked == {}


def test_networks_that_fail_cost_their_own_cells_and_the_code(deciding):
    deciding.codes = [0, 1]
    assert main(["decide"]) == 1
    assert [stage for stage, *_ in deciding.ran] == ["collect", "collect", "collect", "report"]


@pytest.mark.parametrize("code", [3, 130, 137])
def test_a_run_that_was_stopped_stops_it_even_beside_tables(deciding, code):
    deciding.codes = [code]
    assert main(["decide"]) == code
    assert len(deciding.ran) == 1


def test_without_looks_it_is_one_line(project, capsys):
    assert main(["decide"]) == 2
    (line,) = said(capsys)[1]
    assert line.startswith("distillab: params: decide.looks: no looks; expected numbers of seeds ")
    assert line.endswith("write e.g. `decide: {looks: [4, 8, 16, 32]}` into the override of params.yaml")


def test_beside_another_it_is_refused(deciding, run_of_another, capsys):
    with exclusive(deciding.root / ".distillab" / "decide.lock"):
        assert main(["decide"]) == 3
    with run_of_another(deciding.root):
        assert main(["decide"]) == 3
    one, other = said(capsys)[1]
    assert one == "distillab: distillab decide goes on in this project; wait for it, or end it; nothing is lost"
    assert other.startswith("distillab: a run goes on in this project; ")
    assert deciding.ran == []


@pytest.mark.parametrize("option", [["--seeds", "-1"], ["--seeds", "few"], ["--hours", "-2"], ["--hours", "nan"]])
def test_a_budget_is_a_number(project, capsys, option):
    with pytest.raises(SystemExit) as end:
        main(["decide", *option])
    assert end.value.code == 2
    assert f"argument {option[0]}: " in capsys.readouterr().err


class Child:
    """A process that ends with a code, or is waited for when a signal comes."""

    def __init__(self, end):
        self.end, self.did = end, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.did.append("left")

    def wait(self):
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end

    def terminate(self):
        self.did.append("terminated")


@pytest.mark.parametrize(("end", "code"), [(0, 0), (1, 1), (-signal.SIGKILL, 128 + signal.SIGKILL)])
def test_it_runs_resume_for_the_output_and_no_more(project, monkeypatch, end, code):
    commands, child = [], Child(end)
    monkeypatch.setattr(module.subprocess, "Popen", lambda command: commands.append(command) or child)
    assert module._snakemake("collect", "undistillable", ["--cores", "3"]) == code
    ((program, *arguments),) = commands
    assert program.endswith("/distillab")
    receipt = "results/tiny/receipts/collect/undistillable.json"
    assert arguments == ["resume", "--", receipt, "--cores", "3"]
    assert child.did == ["left"]


def test_who_ends_it_ends_snakemake_first(project, monkeypatch):
    child = Child(Interrupted(signal.SIGTERM))
    monkeypatch.setattr(module.subprocess, "Popen", lambda _: child)
    with pytest.raises(Interrupted):
        module._snakemake("report", "undistillable", [])
    assert child.did == ["terminated", "left"]


def test_tables_are_current_if_the_job_of_now_made_all_of_them(project):
    job = load_plan().find_job("collect", "undistillable")
    path = project / job.output
    assert not module._is_current("undistillable")
    for digest, made, current in (
        (job.digest, job.members, True),
        ("another", job.members, False),
        (job.digest, job.members[1:], False),
    ):
        write_receipt(path, Receipt(digest=digest, made=dict.fromkeys(made, "")))
        assert module._is_current("undistillable") is current


def test_rows_have_none_where_there_is_no_value(project, monkeypatch):
    frame = pd.DataFrame({"price": [1.5, float("nan")], "open": [True, False], "reason": ["a", None]})
    folders = []

    def tables(folder):
        folders.append(str(folder))
        return {"knockoff": frame}

    monkeypatch.setattr("distillab.reporting.tables.Tables", tables)
    assert module.table_rows(load_plan(), "undistillable", "knockoff") == [
        {"price": 1.5, "open": True, "reason": "a"}, {"price": None, "open": False, "reason": None},
    ]  # fmt: skip
    assert folders == ["results/tiny/tables/undistillable"]


def test_plan_tells_the_gains_that_could_be_found(deciding, capsys):
    assert main(["plan", "--no-measure"]) == 0
    out, _ = said(capsys)
    assert out[-2].startswith("gains that would be called distillable")
    assert out[-1].startswith("  paper: ")
    assert out[-1].endswith("assumed)")
    (deciding.root / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": {"studies": ["ta"]}}))
    assert main(["plan", "--no-measure"]) == 0
    assert said(capsys)[0][-1].startswith("needs: ")


def test_efforts_add_up():
    assert Effort(1, 2.0) + Effort(3, 4.0) == Effort(4, 6.0)
    assert Effort(1, 2.0) + Effort(3, None) == Effort(4, None)
