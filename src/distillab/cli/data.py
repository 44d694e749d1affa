"""``distillab data PATH``: what a folder or archive of images holds, file by file, and how to use it."""

import argparse
import os
from pathlib import Path


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``data`` to the command line."""
    data = commands.add_parser(
        "data",
        help="take stock of a folder or archive of images, and propose its data: block",
        description="Say of every file of a folder or archive whether it is read, resized, passed over or refused, and "
        "why; count classes and duplicates; propose what to write into params.yaml. Nothing is written or unpacked. "
        "The exit code is not 0 if a file is refused.",
    )
    data.add_argument("path", metavar="PATH", help="a folder, .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz")
    data.add_argument(
        "--pass-over", action="append", default=[], metavar="NAME", help="leave out files of this name, or pattern"
    )
    data.add_argument("--list", action="store_true", help="also name every file and what became of it")
    data.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes that decode")
    data.set_defaults(command=run_data)


def run_data(options: argparse.Namespace) -> int:
    """Print the inventory and the proposal.

    Raises:
        ArtifactError: a file is refused, or there are no two splits or no two classes.
    """
    import yaml

    from distillab.core.shown import escaped
    from distillab.data.class_folders import require_two_classes
    from distillab.data.survey import described, proposal, rules_for, survey

    path = Path(options.path)
    rules = rules_for(path, tuple(options.pass_over))
    inventory, shape = survey(path, rules, workers=max(options.workers, 0))
    if options.list:
        for item in inventory.items:
            why = f"{item.reason.text}{f' ({item.detail})' if item.detail else ''}" if item.reason else ""
            print(item.state, escaped(item.name), why, sep="\t")
    print(*described(inventory), sep="\n")
    inventory.require()
    require_two_classes(inventory, splits=rules.splits)
    block = {"override": {"data": proposal(inventory, shape, path, rules) if shape else {}}}
    print("\nFor params.yaml:\n")
    print(yaml.safe_dump(block, sort_keys=False, default_flow_style=None, width=200), end="")
    return 0
