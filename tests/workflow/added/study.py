"""The study of classes: which of them does a teacher know?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="classes",
    title="Class by class",
    question="What does an added page say?",
    families=("teachers",),
    tables=(*LABELS, "per_class"),
)
