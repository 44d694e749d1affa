"""Checks at the top of the workflow: what would make Snakemake say "nothing to be done" and be wrong."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from distillab.core.errors import ArtifactError, DistillabError, SpecError
from distillab.core.gpus import gpus_here
from distillab.core.job import Plan
from distillab.core.locks import exclusive, hold_run, refuse_beside_run
from distillab.core.signals import end_with_stages_on_signals
from distillab.core.slurm import tell_of_silence
from distillab.core.slurm_plugin import mend_plugin
from distillab.core.workspace import HIDDEN
from distillab.plan.records import take_away_untrue

LOOK = HIDDEN / "look.lock"
"""Held by whoever looks at receipts: no run begins meanwhile, whose receipts would be taken for those of before."""

log = logging.getLogger("distillab")


def find_own_programs() -> None:
    """Put this environment's programs first on PATH: shell rules must find them even where nobody activated it."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End snakemake with the line of an error, as Snakemake itself would show a traceback."""
    try:
        yield
    except DistillabError as error:
        sys.exit("\n".join(f"distillab: {line}" for line in str(error).splitlines()))


def look_first(plan: Plan) -> None:
    """Take away receipts that Snakemake must not believe; where a run goes on, only warn, as its records are in flux.

    Snakemake's own advice there, to unlock, would be wrong.
    """
    tell_of_silence()
    with ExitStack() as looking:
        try:
            looking.enter_context(exclusive(LOOK, wait=True))
            refuse_beside_run(HIDDEN)
        except ArtifactError as error:
            log.warning("distillab: %s", error)
            return
        take_away_untrue(plan)


def tell_of_unseen_gpus(plan: Plan) -> None:
    """Warn in one line where the machine has GPUs and torch sees none, so that jobs compute on the processor."""
    if plan.device == "auto" and plan.computes_on == "cpu" and (gpus := gpus_here()):
        log.warning(
            "distillab: torch %s sees none of this machine's GPUs (%s): everything computes on the processor; "
            "install a build of torch with CUDA for its driver, or write `override: {device: cpu}` into params.yaml",
            version("torch"),
            ", ".join(gpus),
        )


def become_master() -> None:
    """Be the one run of the project, which ends together with its stages when it is asked to end.

    Raises:
        ArtifactError: another run goes on.
    """
    hold_run(HIDDEN)
    with exclusive(LOOK, wait=True):
        pass  # who looks from now on sees that a run goes on
    mend_plugin()
    end_with_stages_on_signals()


def foreign_config(config: Mapping[str, object]) -> None:
    """Refuse ``snakemake --config``: DVC would not see it, and a later checkout would call its results current.

    Raises:
        SpecError: a value was given on the command line.
    """
    if config:
        raise SpecError(
            "parameters are read from params.yaml only",
            where="snakemake --config",
            got=", ".join(f"{key}={value}" for key, value in config.items()),
            do="edit params.yaml, or run `distillab use PRESET`",
        )
