"""The studies: one per source document, each with one page. A new one is a file, its page, and a line."""

from distillab.studies.adversarial import STUDY as ADVERSARIAL
from distillab.studies.audit import STUDY as AUDIT
from distillab.studies.certified import STUDY as CERTIFIED
from distillab.studies.index import INDEX
from distillab.studies.sparse import STUDY as SPARSE
from distillab.studies.study import Study
from distillab.studies.ta import STUDY as TA
from distillab.studies.undistillable import STUDY as UNDISTILLABLE

__all__ = ["INDEX", "PAGES", "STUDIES", "Study"]

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        UNDISTILLABLE,
        TA,
        SPARSE,
        ADVERSARIAL,
        CERTIFIED,
        AUDIT,
    )
}
"""Name to study, in the order of the index."""

PAGES: dict[str, Study] = {INDEX.name: INDEX, **STUDIES}
"""Name to page; the index stands on everything that a run makes."""
