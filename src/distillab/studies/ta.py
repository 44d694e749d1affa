"""The study of teacher assistants: is a network that was distilled twice harder to attack?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="ta",
    title="Defensive distillation with teacher assistants",
    question="Is a network that was distilled twice harder to attack?",
    families=("chains",),
    tables=(*LABELS, "claims", "examples", "sensitivity", "steps", "strength"),
    record="chains",
)
