"""``distillab card``: model cards, a data card and RobustBench's records of a finished run."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.core.errors import ArtifactError, SpecError

if TYPE_CHECKING:
    from distillab.core.job import Member, Plan
    from distillab.reporting.tables import Tables

IMAGES, SPLIT = "data-images", "data-split"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``card`` to the command line."""
    card = commands.add_parser(
        "card",
        help="model cards and a data card from sidecars, and RobustBench's JSON of attacked networks",
        description="Prints the card of a file of weights or of prepared images, from its sidecar and the tables; "
        "with --output, writes those of all teachers and of the data, and RobustBench's model_info.",
    )
    card.add_argument("file", nargs="?", type=Path, help="weights of the run, or its data/images.safetensors")
    card.add_argument("--output", metavar="FOLDER", type=Path, help="write all of them here")
    card.set_defaults(command=run_card)


def run_card(options: argparse.Namespace) -> int:
    """Print one card, or write all of them.

    Raises:
        SpecError: neither a file nor a folder is named, or the file is none of the run.
        ArtifactError: the file is not what its sidecar says, or the run has no tables yet.
    """
    from distillab.plan import load_plan

    if (options.file is None) == (options.output is None):
        raise SpecError("nothing to do", where="distillab card", expected="either a file or --output FOLDER")
    plan = load_plan()
    if options.file is not None:
        print(_card(plan, _member(plan, options.file)), end="")
        return 0
    from distillab.core.files import write_text

    for name, text in _all(plan).items():
        write_text(options.output / name, text)
        print(options.output / name)
    return 0


def _all(plan: "Plan") -> dict[str, str]:
    from distillab.reporting.robustbench import model_infos

    found = {"data.md": _card(plan, plan.members[IMAGES])}
    teachers = [member for member in plan.members.values() if member.stage == "teach" and Path(member.path).is_file()]
    found |= {f"models/{member.id}.md": _card(plan, member) for member in teachers}
    tables = _tables(plan)
    if tables.has("worst"):
        infos = {f"model_info/{name}": json.dumps(info, indent=2) + "\n" for name, info in model_infos(tables)}
        found |= infos
    return found


def _card(plan: "Plan", member: "Member") -> str:
    from distillab.core.sidecar import read_sidecar, verified
    from distillab.reporting.data_card import data_card
    from distillab.reporting.model_card import model_card

    sidecar, tables = verified(Path(member.path)), _tables(plan)
    shown = read_sidecar(tables.folder / "models.parquet").parents.get(member.id)
    if shown is None or shown.blake2b != sidecar.payload.blake2b:
        raise ArtifactError("the tables are of another one", where=member.path, do="run snakemake again")
    if member.model is None:
        return data_card(sidecar, read_sidecar(Path(plan.members[SPLIT].path)), tables.facts)
    return model_card(sidecar, member.model, Path(member.path).name, tables)


def _member(plan: "Plan", file: Path) -> "Member":
    """The member whose file it is: a trained network, or the images."""
    for member in plan.members.values():
        if member.path and Path(member.path).absolute() == file.absolute() and (member.model or member.id == IMAGES):
            return member
    expected = f"weights or data/images.safetensors of preset {plan.preset}"
    raise SpecError("nothing that has a card", where=str(file), expected=expected)


def _tables(plan: "Plan") -> "Tables":
    from distillab.reporting.tables import Tables

    folder = Path("results") / plan.preset / "tables"
    pages = [folder / page for page in ("index", *plan.studies)]
    return Tables(next((page for page in pages if page.is_dir()), pages[0]))
