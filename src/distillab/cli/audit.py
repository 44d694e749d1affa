"""``distillab audit audit.yaml``: one model, asked and nothing else, by the rules of the same workflow."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.locks import refuse_beside_run
from distillab.core.workspace import HIDDEN, PARAMS

if TYPE_CHECKING:
    from distillab.params.audit_file import AuditFile
    from distillab.params.audit_plan import AuditPlan

AUDITS = "audits"
"""The folder of audits in a project."""

LINKED = ("Snakefile", "workflow", "config", "reports", "profiles")
"""What an audit has from the project that it is in."""

PRESET = "audit"
"""The preset of an audit, its study and its page."""

EXAMPLE = Path("audit.yaml")
"""Where the example goes."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``audit`` to the command line."""
    audit = commands.add_parser(
        "audit",
        help="can this model be stolen through its answers, and what would protect it? audit.yaml names it and images",
        description="Asks one model about your images and nothing else; steals it with few labels, steals a control "
        "that is trained here, tries what could protect it, and writes one page, verdict first. Its folder is "
        "audits/NAME. Stopped or killed at any moment, the same command goes on; a finished audit prints its answer.",
    )
    audit.add_argument("file", nargs="?", metavar="audit.yaml", help="what to audit")
    audit.add_argument("--example", action="store_true", help="write a commented audit.yaml, and do nothing else")
    audit.add_argument("--plan", action="store_true", help="say what it will ask, cost and take, and do nothing else")
    audit.add_argument("-n", "--dry-run", action="store_true", help="show the jobs that would run")
    audit.add_argument("--cores", default="all", metavar="N", help="of this machine (default: all)")
    audit.add_argument("--profile", metavar="NAME", help="of Snakemake, e.g. slurm")
    audit.set_defaults(command=run_audit)


def run_audit(options: argparse.Namespace) -> int:
    """Write the run's folder and run Snakemake in it; say what it answers.

    Raises:
        SpecError: the file says something that no audit can.
        ArtifactError: the audit goes on already, or the images cannot be read.
    """
    if options.example:
        return _write_example(Path(options.file) if options.file else EXAMPLE)
    if options.file is None:
        raise SpecError("no file", where="distillab audit", expected="audit.yaml", do="--example writes one")
    from distillab.params.audit_file import name_of, read_audit
    from distillab.params.audit_images import audit_images
    from distillab.params.audit_plan import audit_plan

    file, root = Path(options.file).absolute(), _project()
    audit = read_audit(file)
    run = root / AUDITS / name_of(audit, file)
    refuse_beside_run(run / HIDDEN)  # its parameters are rewritten, and every job of it reads them
    try:
        images = audit_images(audit, file.parent, run, root)
        plan = audit_plan(audit, images, file.parent)
    except (SpecError, ArtifactError) as error:
        raise type(error)(f"{file.name}: {error}") from error
    _prepare(run, root, plan.override)
    here = Path.cwd()
    os.chdir(run)
    # A function of the user's stands beside audit.yaml, for this process and for the jobs.
    sys.path.insert(0, str(file.parent))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(file.parent), os.environ.get("PYTHONPATH", "")]))
    if options.plan:
        return _say_plan(audit, plan)
    code = _snakemake(options)
    if code == 0 and not options.dry_run:
        _say_answer(here)
    return code


def _project() -> Path:
    """The project around this folder, else the one that this package is of.

    Raises:
        SpecError: neither is there.
    """
    from distillab.reporting.project import MARK

    here = Path.cwd()
    of_package = Path(__file__).resolve().parents[3]
    for folder in (here, *here.parents, of_package):
        if (folder / MARK).is_file() and (folder / "config" / f"{PRESET}.yaml").is_file():
            return folder
    raise SpecError("no project here", where=str(here), expected=f"a folder with a {MARK}", do="run it in the project")


def _prepare(run: Path, root: Path, override: dict[str, Any]) -> None:
    """The folder of a run: its parameters, and links to what it has from the project."""
    import yaml

    from distillab.core.files import translated, write_text

    text = yaml.safe_dump({"preset": PRESET, "override": override}, sort_keys=False, width=120)
    text = f"# Written by `distillab audit`, which writes it anew: edit audit.yaml.\n{text}"
    params = run / PARAMS
    if not params.is_file() or params.read_text(encoding="utf-8") != text:
        write_text(params, text)
    for name in LINKED:
        target, link = os.path.relpath(root / name, run), run / name
        with translated(link):
            if link.is_symlink() and str(link.readlink()) != target:
                link.unlink()
            if not link.is_symlink():
                link.symlink_to(target)


def _snakemake(options: argparse.Namespace) -> int:
    """Snakemake's exit code; leftovers of a killed run are ended first."""
    from distillab.cli.resume import resume

    profile = ["--profile", options.profile] if options.profile else []
    try:
        resume([PRESET, "--cores", options.cores, *profile, *(["--dry-run"] if options.dry_run else [])])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _say_plan(audit: "AuditFile", plan: "AuditPlan") -> int:
    """What the audit asks, costs and takes."""
    from distillab.plan import load_plan
    from distillab.plan.brief import Brief

    kept = "each is bought once and stored" if audit.model.asked else "the model runs here, and is asked again at will"
    print(f"answers: {plan.queries:,} for thieves and {plan.judged:,} to judge with, {plan.answers:,} in all; {kept}")
    if audit.price is not None:
        print(f"price: {audit.price * plan.answers:,.2f} {audit.currency}, {audit.price:g} an answer")
    print(f"thief: {plan.labels:,} labels; each theft {audit.seeds} times")
    print(*Brief(load_plan(), Path(), measure=True).lines(2), sep="\n")
    return 0


def _say_answer(here: Path) -> None:
    """The answer of a finished audit, and where its page is."""
    from distillab.reporting.audit_text import audit_sentence
    from distillab.reporting.tables import Tables

    results = Path("results") / PRESET
    print(audit_sentence(Tables(results / "tables" / PRESET)))
    print(os.path.relpath(Path.cwd() / results / "reports" / f"{PRESET}.html", here))


def _write_example(path: Path) -> int:
    """A commented audit.yaml, where there is none yet.

    Raises:
        SpecError: there is a file of this name.
    """
    from distillab.core.files import write_text
    from distillab.params.audit_example import EXAMPLE_TEXT

    if path.exists():
        raise SpecError("is there already", where=str(path), do="give another name: distillab audit --example FILE")
    write_text(path, EXAMPLE_TEXT)
    print(f"{path}: set model and images, then `distillab audit {path}`")
    return 0
