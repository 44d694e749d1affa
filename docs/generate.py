"""Pages that the code writes: methods, papers' errata, presets, studies, the command line. Nothing of them is typed."""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

import yaml

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.cli.main import parser
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.reporting.grades import GRADES
from distillab.reporting.grades import OWN as LETTER
from distillab.specs.base import MethodSpec
from distillab.studies import STUDIES

DOCS = Path(__file__).parent
PROJECT = DOCS.parent

DESIGN = "a design of this project"
OWN = {"baseline": "a baseline, from no paper", "distillab": DESIGN, "this project": DESIGN}
"""What a method that no paper describes says instead of one."""

METHODS = {
    "defenses": ("Defenses", DEFENSES, "What an owner does to a teacher, in training or to its answers. "
                 "Notation: `y` the label, `q` the softmax output, `H(y, q)` the cross-entropy, `H(q)` the entropy, "
                 "`KL(p, q)` the divergence whose first argument averages, `q^a` the power transform "
                 "`softmax(a ln q)`, `T = 1/a` the temperature, `u` the uniform distribution. Logarithms are natural."),
    "knockoffs": ("Knockoff attacks", KNOCKOFFS, "How a thief learns from answers. Each sees "
                  "`query(images) -> probabilities` and nothing else of the teacher. `q_s` is the student, `p` the "
                  "answer, `w` the weight of the labels."),
    "attacks": ("Adversarial attacks", ATTACKS, "Images near a test image that change what a network says. "
                "Pixels are in [0, 1]; an `eps` is in their unit. `Z` are logits."),
    "certifiers": ("Certifiers", CERTIFIERS, "Lower bounds of a margin over every image in a ball: where all margins "
                   "of an image are above zero, no perturbation in the ball changes the answer."),
}  # fmt: skip
"""Page to its title, its registry, and what stands on top."""

ERRATA = {
    "cmim": "Undistillable models by minimizing conditional mutual information",
    "ta": "Defensive distillation with teacher assistants",
    "adversarial": "Adversarial training, and Papernot's distillation",
    "certified": "Certified robustness",
    "orderings": "Which bound is tighter: theorems, and what is none",
}
"""Key of `reports/reported/errata.yaml` to its heading."""

UNPUBLISHED = re.compile(r"[;,] methods[^.\n]*(\.\d+)*(?=\.)|^Reference: methods, [^:\n]*: ", flags=re.M)
"""Where a docstring names notes that are not in the repository."""


def generate(folder: Path) -> None:
    """Write every generated page into a folder; a page that has not changed keeps its time."""
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Name to content of every generated page."""
    papers = yaml.safe_load((DOCS / "papers.yaml").read_text(encoding="utf-8"))
    methods = {name: _methods(title, members, above, papers) for name, (title, members, above) in METHODS.items()}
    return methods | {"errata": _errata(), "presets": _presets(), "studies": _studies(), "command-line": _commands()}


def _methods(title: str, members: Iterable[type[MethodSpec]], above: str, papers: dict[str, str | None]) -> str:
    letters = "; ".join(f"**{letter}** {meaning}" for letter, meaning in GRADES.items())
    parts = [f"# {title}", above, f"A grade says how sure our code is of the source: {letters}."]
    return "\n\n".join([*parts, *(_method(member, papers) for member in members)]) + "\n"


def _method(member: type[MethodSpec], papers: dict[str, str | None]) -> str:
    name = member.model_fields["name"].default
    address = papers.get(member.paper)
    grade = LETTER if OWN.get(member.paper) == DESIGN else member.grade
    source = OWN.get(member.paper) or (f"[{member.paper}]({address})" if address else member.paper)
    summary = prose(sys.modules[member.__module__].__doc__ or "")
    return "\n\n".join(
        [
            f"## {member.label or name}",
            f"{summary} Grade **{grade}**, {GRADES[grade]}; source: {source}; in parameters "
            f"[`{name}`](../reference/parameters.md).",
            prose(member.__doc__ or ""),
        ]
    )


def prose(docstring: str) -> str:
    """A docstring as Markdown: an equation or a name stays as it is written, everything else is plain text."""
    text = re.sub(
        r"[;,] methods[^.\n]*(\.\d+)*(?=\.)|^Reference: methods, [^:\n]*: ", "", cleandoc(docstring), flags=re.M
    )
    text = re.sub(r"(?<=\n\n)[a-z]", lambda letter: letter[0].upper(), text)
    return "".join(_span(part) for part in re.split(r"(``.+?``|`.+?`)", text, flags=re.S))


def _span(part: str) -> str:
    if part.startswith("`"):
        return "`" + " ".join(part.strip("`").split()) + "`"
    return re.sub(r"([*_<>|\[\]])", r"\\\1", part)


def _errata() -> str:
    found = yaml.safe_load((PROJECT / "reports" / "reported" / "errata.yaml").read_text(encoding="utf-8"))
    above = (
        "What papers, and the surveys that studies start from, print and cannot mean, as the pages of a run list it. "
        "Kept in `reports/reported/errata.yaml`; tests look its numbers up in the tables of the papers beside it."
    )
    parts = ["# Errata of the papers", above]
    for key, sentences in found.items():
        parts += [f"## {ERRATA[key]}", "\n".join(f"- {_span(sentence)}" for sentence in sentences)]
    return "\n\n".join(parts) + "\n"


def _presets() -> str:
    above = (
        "`distillab use NAME` writes a preset into `params.yaml`. What it asks for, in its own first words; every key "
        "is explained under [parameters](../reference/parameters.md)."
    )
    rows = [f"| [`{path.stem}`](../../config/{path.name}) | {_cell(_comment(path))} |" for path in _preset_files()]
    return "\n\n".join(["# Presets", above, _table("preset", "what it runs", rows=rows)])


def _preset_files() -> list[Path]:
    return sorted(path for path in (PROJECT / "config").glob("*.yaml") if path.stem != "base")


def _comment(path: Path) -> str:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)


def _studies() -> str:
    above = (
        "A study is one page and everything that it needs: `snakemake NAME` makes that and no more. `studies` in "
        "`params.yaml` says which of them a run has; the overview, `index`, is always there."
    )
    rows = [
        f"| `{study.name}` | {study.title} | {study.question} | {', '.join(study.families)} |"
        for study in STUDIES.values()
    ]
    return "\n\n".join(["# Studies", above, _table("name", "title", "its page answers", "models", rows=rows)])


def _commands() -> str:
    above = (
        "`distillab` is the commands around a run; `snakemake` runs it. Every error is one line that says what is "
        "wrong, where, what was expected and what to do, and the exit code is then not 0."
    )
    parts = ["# Command line", above]
    for name, command in commands():
        says = _span(command.description or STAGES[name].says)
        parts += [f"## `distillab {name}`", says, f"```text\n{command.format_usage()}```"]
        if rows := list(_options(command)):
            parts.append(_table("argument", "meaning", rows=rows))
    return "\n\n".join(parts) + "\n"


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every subcommand with its parser; one without a description has its line of the list as one."""
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            says = {choice.dest: choice.help for choice in action._choices_actions}
            for name, command in action.choices.items():
                if not command.description and (line := says.get(name)):
                    command.description = line[0].upper() + line[1:] + "."
                yield name, command


def _options(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in command._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        names = [f"`{name}`" for name in action.option_strings] or [f"`{_positional(action)}`"]
        yield f"| {', '.join(names)}{_value(action)} | {_cell(_span(action.help or ''))} |"


def _positional(action: argparse.Action) -> str:
    return action.metavar if isinstance(action.metavar, str) else action.dest


def _value(action: argparse.Action) -> str:
    if not action.option_strings or action.nargs == 0:
        return ""
    choices = ", ".join(map(str, action.choices or ()))
    return f" `{choices or action.metavar or action.dest.upper()}`"


def _table(*columns: str, rows: list[Any]) -> str:
    return "\n".join([f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns), *rows]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
