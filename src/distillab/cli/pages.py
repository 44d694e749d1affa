"""Tables and pages of what is there, without snakemake: after a run that could not make everything."""

import argparse
import logging
from pathlib import Path

from distillab.core.errors import DistillabError, SpecError
from distillab.core.job import Job, Plan
from distillab.core.locks import refuse_beside_run
from distillab.core.workspace import HIDDEN


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``pages`` to the command line."""
    pages = commands.add_parser(
        "pages",
        help="render pages of what is there, with the reason in each missing cell",
        description="Make the tables and the pages of whatever has been made, with a dash and its reason in each cell "
        "that is missing. A run that ends with failures does this by itself.",
    )
    pages.add_argument("page", nargs="*", help="names of pages (default: all of them)")
    pages.add_argument("--in-run", action="store_true", help=argparse.SUPPRESS)
    pages.set_defaults(command=run_pages)


def run_pages(options: argparse.Namespace) -> int:
    """Make tables and pages; Snakemake makes them again when it has made more.

    Raises:
        SpecError: there is no such page.
        DistillabError: a page or its tables cannot be made; the first error, after the other pages.
    """
    from distillab.plan import load_plan

    if options.in_run:
        logging.getLogger().setLevel(logging.WARNING)  # the run's own lines are not to drown
    else:
        refuse_beside_run(HIDDEN)
    plan = load_plan()
    errors = list[DistillabError]()
    for job in _chosen(plan, options.page):
        try:
            _make(plan, plan.find_job("collect", job.id))
            _make(plan, job)
            print(job.output)
        except DistillabError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return 0


def _make(plan: Plan, job: Job) -> None:
    from distillab.cli.run import run_job
    from distillab.plan.records import forget

    forget(Path(job.output))
    run_job(plan, job.stage, job.id, receipt=False)


def _chosen(plan: Plan, pages: list[str]) -> list[Job]:
    """The jobs of the pages that are asked for.

    Raises:
        SpecError: one is not a page of this plan.
    """
    jobs = plan.stage("report")
    unknown = sorted({*pages} - {job.id for job in jobs})
    if unknown:
        known = ", ".join(job.id for job in jobs)
        raise SpecError("no such page", expected=f"some of {known}", got=", ".join(unknown))
    return [job for job in jobs if not pages or job.id in pages]
