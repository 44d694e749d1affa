"""The parser, and the one place where errors become exit codes."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from distillab import __version__
from distillab.cli import certify, certify_options, manage
from distillab.cli.arguments import CommandParser
from distillab.cli.output import flush, give_up, give_up_unwritable
from distillab.core.errors import ArtifactError, DistillabError
from distillab.core.shown import printable
from distillab.core.signals import Interrupted, end_on_signals
from distillab.core.stages import STAGES

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return 0, or the exit code of the error that was printed as one line."""
    if arguments is None:
        end_on_signals()
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    command: Command = options.command
    try:
        code = command(options)
        flush()
    except DistillabError as error:
        if options.debug:
            raise
        for line in str(error).splitlines():
            print(f"distillab: {line}", file=sys.stderr)
        return error.exit_code
    except Interrupted as interruption:
        print(f"distillab: {interruption}; nothing that was finished is lost: run again to go on", file=sys.stderr)
        return interruption.exit_code
    except BrokenPipeError:
        give_up()
        return 1
    except OSError as error:
        if options.debug:
            raise
        give_up_unwritable()
        where = f"{error.filename}: " if error.filename else ""
        print(f"distillab: {printable(f'{where}{error.strerror or error}')}; --debug shows where", file=sys.stderr)
        return ArtifactError.exit_code
    return code


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root: argparse.ArgumentParser = CommandParser(
        prog="distillab",
        description="Distillation as a defense, as a theft, and as a thing to defend against.\n"
        "`snakemake --cores 2` runs what params.yaml asks for; these are the commands around it.",
        epilog=_stages_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"distillab {__version__}")
    root.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    manage.add_commands(commands)
    for name, stage in STAGES.items():
        _add_stage(commands, name, stage.says)
    return root


def _stages_help() -> str:
    """The stages in a group of their own, as argparse has one group of subcommands only."""
    lines = (f"    {name:<11} {stage.says}" for name, stage in STAGES.items())
    return "\n".join(["stages, which snakemake calls; without a job, each lists its jobs:", *lines])


def _add_stage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", stage: str, description: str) -> None:
    command = commands.add_parser(stage, description=f"Stage {stage}: {description}.")
    command.add_argument("job", nargs="?", help="a job of this stage, or all; without one, list them")
    command.add_argument("--digest", help="the job's hash when Snakemake planned it: refuse to make another job")
    command.set_defaults(command=_run_stage, stage_name=stage)
    if stage == "certify":
        certify_options.add_options(command)


def _run_stage(options: argparse.Namespace) -> int:
    if options.stage_name == "certify" and certify.wants_weights(options):
        return certify.certify_weights(options)
    from distillab.cli.run import run_job, run_stage
    from distillab.plan import load_plan

    plan = load_plan()
    if options.job is None:
        for job in plan.stage(options.stage_name):
            print(f"{job.id}  ({len(job.members)} member{'s' if len(job.members) > 1 else ''})")
        return 0
    if options.job == "all" and options.digest is None:
        run_stage(plan, options.stage_name)
    else:
        run_job(plan, options.stage_name, options.job, digest=options.digest)
    return 0
