"""The study of one model that is asked and nothing else: who steals it with few labels, and what would protect it?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="audit",
    title="Audit of a model",
    question="Can this model be stolen through its answers, and what would protect it?",
    families=("teachers", "students", "knockoffs"),
    tables=(*LABELS, "verdicts", "protections", "labels", "worth", "leaks", "cmi"),
    record="audit",
)
