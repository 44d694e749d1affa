"""``distillab decide``: seeds for open cells alone, look by look, until all is decided or nothing is left to spend."""

import argparse
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.cli.arguments import PASSED_ON, advice_for, count, hours
from distillab.core.errors import ArtifactError
from distillab.core.locks import exclusive, held, refuse_beside_run
from distillab.core.receipts import read_receipt
from distillab.core.signals import Interrupted
from distillab.core.workspace import HIDDEN

if TYPE_CHECKING:
    from distillab.core.job import Plan
    from distillab.plan.asking import Allowance
    from distillab.plan.rounds import Round

LOCK = HIDDEN / "decide.lock"

GOING_ON = (0, 1)
"""Exit codes of a snakemake that made what could be made."""

AGAIN = "the same command goes on"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``decide`` to the command line."""
    decide = commands.add_parser(
        "decide",
        help="add seeds to the cells whose verdict is open, look by look, and say what is decided",
        description="Runs snakemake for the tables with verdicts, asks for the seeds of the next of decide.looks where "
        "a verdict is open, by writing decide.asked into params.yaml, and runs it again, until nothing is open, the "
        "looks or the budget are exhausted. Killed at any moment, the same command goes on.",
        advice=advice_for("decide"),
    )
    decide.add_argument("-n", "--dry-run", action="store_true", help="say what would be asked for, and its price")
    decide.add_argument(
        "--seeds",
        type=count,
        metavar="N",
        help="ask for at most N further seeds in this call; one is one training of a knockoff: a seed of an attack on "
        "a teacher, once per pair of networks and trial; teachers and controls are not counted",
    )
    decide.add_argument(
        "--hours",
        type=hours,
        metavar="H",
        help="ask for at most H hours of work in this call, on one core or device, teachers and controls included, as "
        "earlier trainings took",
    )
    decide.add_argument("arguments", nargs=argparse.REMAINDER, help=PASSED_ON)
    decide.set_defaults(command=run_decide)


def run_decide(options: argparse.Namespace) -> int:
    """Ask, run and look, again and again; say at the end what is decided.

    Returns:
        0, or the exit code of the last run in which something failed.

    Raises:
        SpecError: no looks are stated, or no study has verdicts.
        ArtifactError: a run or another decide goes on.
    """
    from distillab.plan import load_plan
    from distillab.plan.asking import Allowance, page_to_decide

    page, budget = page_to_decide(load_plan()), Allowance(options.seeds, options.hours)
    if options.dry_run:
        return _preview(page, budget)
    refuse_beside_run(HIDDEN)
    if held(LOCK):
        raise ArtifactError("distillab decide goes on in this project", do="wait for it, or end it; nothing is lost")
    arguments = [argument for argument in options.arguments if argument != "--"] or ["--cores", "all"]
    with exclusive(LOCK):
        return _decide(page, budget, arguments)


def _decide(page: str, budget: "Allowance", arguments: list[str]) -> int:
    from distillab.params.asked import ask_in_file
    from distillab.plan.answers import asking_text, ending_text
    from distillab.plan.asking import within
    from distillab.plan.effort import Effort

    code, spent, now = 0, Effort(), _finished(page)
    while True:
        if now is None:
            code = _snakemake("collect", page, arguments) or code
            if code not in GOING_ON or not _is_current(page):
                print(f"distillab: snakemake ended with code {code}, without tables; {AGAIN}", file=sys.stderr)
                return code or 1
            now = _look(page)
        asked = within(budget, now.teachers, now.effort_of)
        if not asked:
            break
        print(f"asking for seeds, the nearest to a decision first\n{asking_text(now, asked)}", flush=True)
        effort = now.effort_of(asked)
        spent, budget = spent + effort, budget.less(effort)
        ask_in_file(Path(), asked)
        now = None
    code = _snakemake("report", page, arguments) or code
    print(ending_text(now, spent), flush=True)
    return code


def _preview(page: str, budget: "Allowance") -> int:
    from distillab.plan.answers import asking_text, ending_text
    from distillab.plan.asking import within
    from distillab.plan.effort import Effort

    if not _is_current(page):
        print("the tables are not there or out of date: `snakemake` first, for which `distillab plan` knows the hours")
        return 0
    now = _look(page)
    asked = within(budget, now.teachers, now.effort_of)
    if asked:
        print(f"would ask for seeds, the nearest to a decision first\n{asking_text(now, asked)}")
    else:
        print(ending_text(now, Effort()))
    return 0


def _finished(page: str) -> "Round | None":
    """The tables, if they are there, made for the parameters as they are now, and of all networks."""
    found = _look(page) if _is_current(page) else None
    return found if found and not any(row["missing"] for row in found.verdicts) else None


def _look(page: str) -> "Round":
    """The tables as they are."""
    from distillab.params.load import load_params
    from distillab.plan import load_plan
    from distillab.plan.rounds import Round

    plan = load_plan()
    knockoff, verdicts = (table_rows(plan, page, name) for name in ("knockoff", "verdicts"))
    return Round(load_params(), plan, knockoff=knockoff, verdicts=verdicts)


def table_rows(plan: "Plan", page: str, name: str) -> list[dict[str, Any]]:
    """The rows of a page's table, None where there is no value.

    Raises:
        ArtifactError: it is not there.
    """
    from distillab.reporting.tables import Tables

    frame = Tables(Path("results") / plan.preset / "tables" / page)[name]
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(column): value for column, value in row.items()} for row in rows]


def findable_gains(plan: "Plan") -> str:
    """What the verdicts of a plan could find, by the spread that its tables tell if there are any."""
    from distillab.core.workspace import Workspace
    from distillab.plan.asking import page_of_verdicts
    from distillab.plan.power import power_text
    from distillab.tables.results import Results

    page, rows = page_of_verdicts(plan), list[dict[str, Any]]()
    if page is None:
        return ""
    with suppress(ArtifactError):
        rows = table_rows(plan, page, "knockoff")
    return power_text(Results(Workspace(Path(), plan)), rows)


def _is_current(page: str) -> bool:
    """Whether the tables of a page were made for the parameters as they are now."""
    from distillab.plan import load_plan

    job = load_plan().find_job("collect", page)
    receipt = read_receipt(Path(job.output))
    return receipt is not None and receipt.digest == job.digest and receipt.made.keys() == {*job.members}


def _snakemake(stage: str, page: str, arguments: list[str]) -> int:
    """The exit code of snakemake for what a stage makes of a page; leftovers of a killed run are ended first."""
    from distillab.plan import load_plan

    output = load_plan().find_job(stage, page).output
    command = [str(Path(sys.executable).parent / "distillab"), "resume", "--", output, *arguments]
    with subprocess.Popen(command) as running:
        try:
            code = running.wait()
        except Interrupted:
            running.terminate()  # it may have got the signal itself: later ones do not disturb its end
            raise
    return code if code >= 0 else 128 - code
