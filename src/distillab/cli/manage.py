"""Commands for people: audit, use, check, plan, status, resume, answer, decide, data, pages, verify and others."""

import argparse
import os
from pathlib import Path

from distillab.cli import answer, audit, bundle, card, certify_options, data, decide, pages, status, verify
from distillab.cli.arguments import PASSED_ON, advice_for
from distillab.core.errors import SpecError
from distillab.core.workspace import PARAMS


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that are not stages, those first that are needed first."""
    audit.add_command(commands)
    _add_use_and_check(commands)
    _add_plan(commands)
    status.add_command(commands)

    _add_resume(commands)
    answer.add_command(commands)
    decide.add_command(commands)
    data.add_command(commands)
    pages.add_command(commands)
    verify.add_command(commands)

    record = commands.add_parser(
        "record",
        help="write a finished run's numbers to reports/recorded/<preset>.md",
        description="Write the numbers of a finished run to reports/recorded/<preset>.md, and what it says of the "
        "papers' claims beside it; or, with --bundle, all that others need to check the run into one file.",
    )
    bundle.add_options(record)
    record.set_defaults(command=run_record)

    card.add_command(commands)
    prune = commands.add_parser(
        "prune",
        help="list, and with --yes delete, orphaned results and old store entries",
        description="List with sizes what no kept plan or result needs any more: files below the preset's results that "
        "params.yaml does not ask for, store entries of old parameters or code, old plans. Results of other presets "
        "and paid answers are kept. Deletes nothing without --yes.",
    )
    prune.add_argument("--yes", action="store_true", help="delete what is listed")
    prune.set_defaults(command=run_prune)

    docs = commands.add_parser(
        "docs",
        help="write config/README.md, its schema, and docs/{tables,scoreboard,acronyms}.md",
        description="Write what the code generates of the documentation, over what is there: config/README.md, "
        "config/params.schema.json, docs/tables.md, docs/scoreboard.md, docs/acronyms.md.",
    )
    docs.set_defaults(command=run_docs)


def _add_use_and_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    use = commands.add_parser(
        "use",
        help="switch to another preset by editing params.yaml",
        description="Write the preset into params.yaml. Its comments and its override are kept, and so are the results "
        "of the former preset.",
    )
    use.add_argument("preset", help="name of a file in config/, without .yaml")
    use.set_defaults(command=run_use)

    check = commands.add_parser(
        "check",
        help="validate params.yaml and say what it means",
        description="Validate params.yaml with the preset below it, and count what it asks for. Of mistakes each is a "
        "line: the key, what was expected, what was found. Computes nothing.",
    )
    check.set_defaults(command=run_check)


def _add_plan(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    plan = commands.add_parser(
        "plan",
        help="show in ten lines what params.yaml will make, how long it takes and what it could find",
        description="Say of params.yaml what is to be made and what is there, the time on this machine, disk, memory, "
        "answers bought, and how large a gain its seeds could find. Trains nothing; networks of unknown cost are timed "
        "for some seconds.",
    )
    plan.add_argument("--all", action="store_true", help="a line for each thing to make, with its passes")
    plan.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N", help="of the run (default: all)")
    plan.add_argument("--no-measure", action="store_true", help="do not time networks that nothing is known of")
    plan.set_defaults(command=run_plan)


def _add_resume(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    resume = commands.add_parser(
        "resume",
        help="after a killed run: end its leftover processes, unlock, and run snakemake again",
        description="After a run that was killed: end what it left on this machine and in Slurm's queue, remove "
        "Snakemake's lock, and go on as snakemake. Nothing that was finished is made again; a run that still goes on "
        "is left alone.",
        advice=advice_for("resume"),
    )
    resume.add_argument("arguments", nargs=argparse.REMAINDER, help=PASSED_ON)
    resume.set_defaults(command=run_resume)


def run_check(_options: argparse.Namespace) -> int:
    """Validate ``params.yaml`` and print one line about it."""
    from distillab.plan import load_plan

    plan = load_plan()
    print(f"params.yaml is valid: preset {plan.preset}, {len(plan.members)} payloads in {len(plan.jobs)} jobs")
    return 0


def run_plan(options: argparse.Namespace) -> int:
    """Print what the plan will make, in ten lines or as a tree, and the gains that it could find."""
    from distillab.plan import load_plan
    from distillab.plan.brief import Brief
    from distillab.plan.estimate import describe

    certify_options.refuse_less(options, cores=1)
    plan, measure = load_plan(), not options.no_measure
    if options.all:
        print(describe(plan, Path(), measure=measure))
    else:
        print(*Brief(plan, Path(), measure=measure).lines(options.cores), sep="\n")
    if gains := decide.findable_gains(plan):
        print(gains)
    return 0


def run_record(options: argparse.Namespace) -> int:
    """Write what is kept in the repository of a finished run, or its bundle."""
    if options.bundle or options.sign:
        return bundle.record(options)
    from distillab.core.files import write_text
    from distillab.plan import load_plan
    from distillab.reporting.record import cost_of_run, record
    from distillab.reporting.reported import Reported
    from distillab.reporting.tables import Tables
    from distillab.scoreboard.claim import read_claims
    from distillab.scoreboard.finding import SUFFIX, judge_run, judgment_text

    plan = load_plan()
    is_audit = plan.preset == audit.PRESET
    name = Path.cwd().name if is_audit else plan.preset
    path, results = Path("reports/recorded") / f"{name}.md", Path("results") / plan.preset
    pages = [results / "tables" / page for page in ("index", *plan.studies)]
    tables = Tables(next((page for page in pages if page.is_dir()), pages[0]))
    papers, cost = Reported("reports/reported"), cost_of_run(results)
    written = {path: record(tables, papers, cost)}
    # An audit judges a model of somebody, not what a paper says; the page of one study has not every table.
    if not is_audit and tables.folder == pages[0]:
        judgment = judge_run(tables, read_claims(papers), sum(cost.cpu.values()))
        written[path.with_suffix(SUFFIX)] = judgment_text(judgment)
    for file, text in written.items():
        write_text(file, text)
        print(file)
    return 0


def run_docs(_options: argparse.Namespace) -> int:
    """Write what is generated from the parameter models, from the tables, from the records, and from pages' words."""
    from distillab.core.files import write_text
    from distillab.params.document import generated_files
    from distillab.reporting import acronyms
    from distillab.scoreboard import board

    _require_project()
    reports = Path("reports")
    pages = {board.PAGE: board.scoreboard(reports), acronyms.PAGE: acronyms.acronyms(reports / "template")}
    for path, text in (generated_files() | pages).items():
        write_text(path, text)
        print(path)
    return 0


def run_use(options: argparse.Namespace) -> int:
    """Write the preset into ``params.yaml``."""
    from distillab.params.switch import use_preset

    print(use_preset(Path(), options.preset))
    return 0


def run_prune(options: argparse.Namespace) -> int:
    """List what no plan needs; delete it with ``--yes``."""
    from distillab.plan.prune import prune

    for line in prune(Path(), delete=options.yes):
        print(line)
    return 0


def run_resume(options: argparse.Namespace) -> int:
    """End leftovers, unlock, and go on as snakemake."""
    from distillab.cli.resume import resume

    _require_project()
    arguments = [argument for argument in options.arguments if argument != "--"]
    resume(arguments or ["--cores", "all"])


def _require_project() -> None:
    """Refuse to write, or to look for a workflow, where none is.

    Raises:
        SpecError: this is no project's root.
    """
    if not Path(PARAMS).exists():
        raise SpecError("no such file", where=PARAMS, do="run from the project's root folder")
