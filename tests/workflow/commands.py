"""Commands of the documentation, parsed and not run: by the parser of the program itself where it has one here."""

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator

from project import PROJECT

from distillab.cli.main import parser
from distillab.params.layers import preset_names

OTHERS = {"apptainer", "cd", "docker", "git", "jupyter", "sbatch", "source", "test"}
"""Programs whose options are not looked at."""

MODULES = {"pip", "pytest"}
"""What Python may be asked to run by name."""


def wrong(script: str) -> list[str]:
    """What cannot be meant in a block of commands, one line each."""
    done = subprocess.run(["bash", "-n"], input=script.replace("<", "("), capture_output=True, text=True, check=False)
    syntax = [done.stderr] if done.returncode and "<" not in script else []
    return syntax + [f"{' '.join(words)}: {why}" for words in simple_commands(script) if (why := _why_not(words))]


def simple_commands(script: str) -> Iterator[list[str]]:
    """The words of each program that a block calls, without variables that are set for it."""
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        for part in _parts(words):
            while part and re.fullmatch(r"[A-Z_]+=.*", part[0]):
                part.pop(0)
            if part:
                yield part


def _parts(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in {"&&", "||", "|", ";"}:
            yield part
            part = []
        else:
            part.append(word.strip("()"))
    yield part


def _why_not(words: list[str]) -> str:
    program, *arguments = words
    if program.removeprefix(".venv/bin/") in _PARSERS:
        return _PARSERS[program.removeprefix(".venv/bin/")](arguments)
    return "" if program in OTHERS else "no program that the tests know"


def _parsed(parse: Callable[[list[str]], object]) -> Callable[[list[str]], str]:
    def why(arguments: list[str]) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                parse(arguments)
            except (SystemExit, Exception) as error:
                return said.getvalue().strip().splitlines()[-1] if said.getvalue() else repr(error)
        return ""

    return why


def _distillab(arguments: list[str]) -> str:
    if why := _parsed(parser().parse_args)(arguments):
        return why
    if arguments[0] == "use" and arguments[1] not in preset_names(PROJECT / "config"):
        return "no such preset"
    return ""


def _snakemake(arguments: list[str]) -> str:
    from snakemake.cli import get_argument_parser

    profile = arguments[arguments.index("--profile") + 1] if "--profile" in arguments else "default"
    if not (PROJECT / "profiles" / profile / "profile.yaml").exists():
        return "no such profile"
    return _parsed(get_argument_parser().parse_args)(arguments)


def _dvc(arguments: list[str]) -> str:
    from dvc.cli.parser import get_main_parser

    return _parsed(get_main_parser().parse_args)(arguments)


def _make(arguments: list[str]) -> str:
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    unknown = [word for word in arguments if "=" not in word and word not in targets]
    return f"no such target: {', '.join(unknown)}" if unknown else ""


def _python(arguments: list[str]) -> str:
    if arguments[0] == "-m":
        if arguments[1] not in MODULES:
            return "no module that the tests know"
        files = [word.split("::")[0] for word in arguments[2:] if word.startswith("tests/")]
    else:
        files = arguments[:1]
    absent = [file for file in files if not (PROJECT / file).exists()]
    return f"no such file: {', '.join(absent)}" if absent else ""


_PARSERS = {"distillab": _distillab, "snakemake": _snakemake, "dvc": _dvc, "make": _make, "python": _python}
