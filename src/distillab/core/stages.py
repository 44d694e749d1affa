"""The stages of the workflow, each declared once: paths, axes, DVC's outs and the command line follow from it."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stage:
    """One kind of step: what it does, where its payloads go, and how it runs."""

    says: str
    """What it does, as the command line's help says it."""
    pattern: str
    """Where its payloads go under ``results/<preset>/``; a path says the lineage of what it holds."""
    together: tuple[str, ...] = ()
    """Axes that one process always loops over."""
    computes: bool = True
    """Whether it runs networks, on the device that was chosen."""
    incomplete: bool = False
    """Whether it is made from the parents that there are; any other stage needs all of them."""
    beside: tuple[str, ...] = ()
    """Suffixes of what is put beside a payload, under its name."""
    module: str = field(default="", kw_only=True)
    """Whose ``make`` makes its members; ``distillab.stages.<name>`` where empty."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The wildcards of its paths; ``batch`` names those that a job loops over."""
        return tuple(re.findall(r"\{(\w+)\}", self.pattern))

    @property
    def folder(self) -> str:
        """What its paths begin with; the whole pattern where that is a wildcard."""
        return self.pattern.split("/")[0]


STAGES: dict[str, Stage] = {
    "prepare": Stage(
        "download or read the data set, and split it",
        "data/{part}.safetensors",
        together=("part",),
        computes=False,
    ),
    "teach": Stage("train teachers, each under its defense", "teachers/{teacher}/s{seed}.safetensors"),
    "baseline": Stage(
        "train the LS students that knockoffs must beat, each with a thief's labels",
        "students/{thief}/{student}/s{seed}.safetensors",
    ),
    "knockoff": Stage(
        "train students on the teachers' answers",
        "knockoffs/{thief}/{teacher}/{knockoff}/s{seed}.safetensors",
    ),
    "distill": Stage(
        "train chains: a teacher, assistants, students, each on the one before",
        "chains/{chain}/T{temperature}/step{step}/{part}-s{seed}.safetensors",
        together=("part",),
    ),
    "measure": Stage(
        "write down what every model says about every image",
        "measures/{family}/{model}/s{seed}.safetensors",
    ),
    "sensitivity": Stage(
        "take the Jacobian of models at every image",
        "sensitivity/{family}/{model}/s{seed}.parquet",
    ),
    "attack": Stage(
        "attack models with adversarial examples",
        "attacks/{family}/{model}/{attack}/{logits}-s{seed}.parquet",
    ),
    "certify": Stage(
        "prove which images no perturbation within a radius can turn, or certify published weights",
        "certificates/{family}/{model}/{certifier}-s{seed}.parquet",
    ),
    "collect": Stage(
        "compute the tables that reports read",
        "{file}",
        together=("file",),
        computes=False,
        incomplete=True,
    ),
    "report": Stage(
        "render the pages",
        "reports/{report}.html",
        computes=False,
        beside=(".ipynb", ".png"),
        module="distillab.reporting.page",
    ),
}
"""Name to stage, in the order in which a run comes to them."""

BATCHABLE = {name: stage.axes for name, stage in STAGES.items() if stage.computes}
"""Stage to the axes that a preset may batch."""


def stage_module(stage: str) -> str:
    """The module whose ``make`` makes a stage's members, also of those that are made for another stage only."""
    return STAGES[stage].module if stage in STAGES and STAGES[stage].module else f"distillab.stages.{stage}"
