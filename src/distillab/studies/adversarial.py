"""The study of adversarial training: what stands in the worst case, and is it inherited?"""

from distillab.studies.study import Study
from distillab.studies.tables import LABELS

STUDY = Study(
    name="adversarial",
    title="Adversarial training and the worst case",
    families=("teachers", "chains"),
    tables=(*LABELS, "verdicts", "curves", "examples", "history", "worst"),
)
