"""The study of undistillable teachers: can what a defended teacher answers be learned from?"""

from distillab.studies.study import Study
from distillab.studies.tables import LABELS

STUDY = Study(
    name="undistillable",
    title="Undistillable teachers and knockoff students",
    families=("teachers", "students", "knockoffs"),
    tables=(*LABELS, "verdicts", "ablations", "cmi", "curves", "examples", "history", "hypotheses", "leaks", "simplex"),
)
