"""What is not there, told per model and question: for counts, and for the dashes of pages."""

from math import isfinite
from typing import Any

from distillab.core.identity import NO_STEP
from distillab.core.job import Member
from distillab.tables.results import Results

Row = dict[str, Any]

CELLS = {"knockoff", "attack", "certify"}
"""Stages whose members are the cells of the three matrices."""

NOBODY = {
    "model": "", "role": "", "defense": "", "attack": "", "teacher": "", "arch": "", "thief": "", "chain": "",
    "temperature": None, "step": NO_STEP, "seed": None,
}  # fmt: skip
"""The columns that name a model, of what is no model's."""


def cells(results: Results) -> dict[str, bool]:
    """Id of every planned cell to whether it is there; a knockoff's answers are part of it."""
    return {
        member.id: results.made(member.id) and (member.stage != "knockoff" or results.answered(member.id))
        for member in results.asked
        if member.stage in CELLS
    }


def gaps(results: Results) -> list[Row]:
    """Every member that is not there, by id: stage, the model that it is or asks about, the question, the reason."""
    return [
        {"id": name, "stage": member.stage} | _of_whom(results, member) | {"reason": results.missing[name]}
        for name, member in sorted((each.id, each) for each in results.asked if each.id in results.missing)
    ]


def impossible(results: Results) -> list[Row]:
    """Every question that a model here cannot be asked, by id: stage, model, question, the reason."""
    asked = {member.id for member in results.asked}
    return [
        {"id": f"{each['model']}-{each['question'].replace(' ', '-')}", "stage": each["stage"]}
        | {name: _plain(value) for name, value in results.run_of(each["model"]).key().items()}
        | {"question": each["question"], "reason": each["reason"]}
        for each in results.workspace.plan.facts.get("impossible", [])
        if each["model"] in asked
    ]


def _of_whom(results: Results, member: Member) -> Row:
    """The columns that name the model, and the question; empty where the member is the model itself."""
    model = member.id if member.model else member.parents.get("model")
    key = results.run_of(model).key() if model is not None else NOBODY
    question = "" if member.model else _question(member)
    return {name: _plain(value) for name, value in key.items()} | {"question": question}


def _question(member: Member) -> str:
    """What is asked, as far as there are several questions of the stage."""
    axes = [member.axes[name] for name in ("attack", "logits", "certifier", "part") if name in member.axes]
    return " ".join(axes) or member.stage


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """NaN is no JSON."""
    return None if isinstance(value, float) and not isfinite(value) else value
