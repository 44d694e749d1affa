"""The study of undistillable teachers: can what a defended teacher answers be learned from?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="undistillable",
    title="Undistillable teachers and knockoff students",
    question="Can what a defended teacher answers be learned from?",
    families=("teachers", "students", "knockoffs"),
    tables=(*LABELS, "verdicts", "labels", "worth", "ablations", "cmi", "curves", "examples", "history", "hypotheses",
            "leaks", "simplex", "strength"),
    record="knockoffs",
)  # fmt: skip
