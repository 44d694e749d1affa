"""The study of adversarial sparse teachers: does what little they answer protect them?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="sparse",
    title="Adversarial sparse teachers",
    question="Do sparse answers protect a teacher, and at what cost?",
    families=("teachers", "students", "knockoffs"),
    tables=(*LABELS, "verdicts", "ablations", "curves", "profiles", "responses", "strength"),
    record="knockoffs",
)
