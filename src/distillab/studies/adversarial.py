"""The study of adversarial training: what stands in the worst case, and is it inherited?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="adversarial",
    title="Adversarial training and the worst case",
    question="What do networks keep under the worst of all attacks?",
    families=("teachers", "chains"),
    tables=(*LABELS, "verdicts", "curves", "examples", "history", "strength", "worst"),
    defended_chains=True,
    record="robustness",
)
