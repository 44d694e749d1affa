"""What a stranger adds: an attack, a data set, a table, a study with its page, and a metric on a page.

Each is one file and one line; the metric is a column of a table, and of the view that shows it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from project import Project

ADDED = Path(__file__).parent / "added"

FILES = {
    "attack.py": "src/distillab/attacks/fading.py",
    "data_set.py": "src/distillab/data/stripes.py",
    "table.py": "src/distillab/tables/per_class.py",
    "study.py": "src/distillab/studies/classes.py",
    "page.py": "reports/classes.py",
}
"""New file to its place."""

IMPORTS = {
    "src/distillab/attacks/__init__.py": "from distillab.attacks.fading import Fading",
    "src/distillab/data/__init__.py": "from distillab.data.stripes import StripesSpec",
    "src/distillab/studies/__init__.py": "from distillab.studies.classes import STUDY as CLASSES",
}
"""Registry to the import that the line needs; a table needs none."""

LINES = (
    ("src/distillab/attacks/__init__.py", "    AutoAttack,", "    Fading,"),
    ("src/distillab/data/__init__.py", "    SyntheticSpec,", "    StripesSpec,"),
    ("src/distillab/tables/__init__.py", '    "claims",', '    "per_class",'),
    ("src/distillab/studies/__init__.py", "        CERTIFIED,", "        CLASSES,"),
)
"""File, one of its lines, and the line that is put below."""

METRIC = (
    (
        "src/distillab/tables/models.py",
        "        **asdict(results.scores(run.member.id)),",
        '        "unsure": float((results.log_probs(run.member.id, "test").max(1) < np.log(0.5)).mean()),',
    ),
    (
        "src/distillab/tables/models.py",
        '        Column("confidence", "share", "mean top probability, 0 where the prediction is wrong"),',
        '        Column("unsure", "share", "test images whose top probability is below one half"),',
    ),
    (
        "src/distillab/reporting/model_views.py",
        '    "brier": declared("models", "brier", "Brier ↓", "squared error"),',
        '    "unsure": declared("models", "unsure", "Unsure"),',
    ),
)
"""The same of the metric: its table, and the view."""


@dataclass(frozen=True)
class Addition:
    """A method that is added alone."""

    source: Path
    place: str
    imported: str
    above: str
    """The line of its registry below which its own is put."""
    line: str


DEFENSE = Addition(
    ADDED / "defense.py",
    "src/distillab/defenses/confidence_penalty.py",
    "from distillab.defenses.confidence_penalty import ConfidencePenalty",
    "    CrossEntropyDefense,",
    "    ConfidencePenalty,",
)


def add_everything(project: Project) -> None:
    """Put the files in their places, and the lines into the files that are there."""
    for name, place in FILES.items():
        assert not (project.root / place).exists()
        shutil.copy(ADDED / name, project.root / place)
    for place, line in IMPORTS.items():
        project.edit(place, "\nfrom distillab.", f"\n{line}\nfrom distillab.", count=1)
    for place, above, line in (*LINES, *METRIC):
        project.edit(place, f"{above}\n", f"{above}\n{line}\n", count=1)
