"""The study of certificates: what can be proved of a network, at which size?"""

from distillab.studies.study import LABELS, Study

STUDY = Study(
    name="certified",
    title="Certified robustness",
    question="What can be proved of a network's robustness?",
    families=("teachers",),
    tables=(*LABELS, "cascades", "certificates", "certified_images"),
    certified_only=True,
    benchmarks="benchmarks/certify/results/*.json",
    record="certificates",
)
