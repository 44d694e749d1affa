"""What a finished run says, in one sentence, with its time and its page."""

import argparse
from pathlib import Path

from distillab.core.errors import ArtifactError

RESULTS = Path("results")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``answer`` to the command line."""
    answer = commands.add_parser(
        "answer",
        help="print the answer of a finished run, the time it took and where its page is",
        description="Print what the index page of a finished run says first, the time in which its jobs ran, and the "
        "path of that page.",
    )
    answer.set_defaults(command=run_answer)


def run_answer(_options: argparse.Namespace) -> int:
    """Print the answer of the preset of ``params.yaml``.

    Raises:
        ArtifactError: the run has no page yet.
    """
    from distillab.plan import load_plan

    for line in answer_lines(RESULTS / load_plan().preset):
        print(line)
    return 0


def answer_lines(results: Path) -> list[str]:
    """What the first page of a preset's results says first; when it was made, and its path.

    Raises:
        ArtifactError: there is no page yet.
    """
    from distillab.reporting.answer import answer_sentence
    from distillab.reporting.display import timespan
    from distillab.reporting.record import cost_of_run
    from distillab.reporting.tables import Tables

    page = results / "reports" / "index.html"
    if not page.is_file():
        raise ArtifactError("no answer yet", where=str(page), do="run `make`, or `snakemake --cores all`")
    wall = cost_of_run(results).wall
    return [
        answer_sentence(Tables(results / "tables" / "index")),
        f"Made in {timespan(wall)}: {page}" if wall else str(page),
    ]
