"""The stages of the workflow: their names, in order, and the module that makes each one's members."""

STAGES: dict[str, str] = {
    "prepare": "download or read the data set, and split it",
    "teach": "train teachers, each under its defense",
    "baseline": "train the LS students that knockoffs must beat",
    "knockoff": "train students on the teachers' answers",
    "distill": "train chains: a teacher, assistants, students, each on the one before",
    "measure": "write down what every model says about every image",
    "sensitivity": "take the Jacobian of models at every image",
    "attack": "attack models with adversarial examples",
    "certify": "prove which images no perturbation within a radius can turn, or certify published weights",
    "collect": "compute the tables that reports read",
    "report": "render the pages",
}
"""Name to what the stage does, as the command line's help says it."""


def stage_module(stage: str) -> str:
    """The module whose ``make`` makes a stage's members."""
    return "distillab.reporting.page" if stage == "report" else f"distillab.stages.{stage}"
