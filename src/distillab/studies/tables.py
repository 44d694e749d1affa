"""The tables, and the stages that each is read from besides training and the models' measured answers."""

READ_FROM: dict[str, tuple[str, ...]] = {
    "models": (),
    "knockoff": (),
    "verdicts": (),
    "robustness": ("attack",),
    "curves": ("attack",),
    "examples": ("attack",),
    "worst": ("attack",),
    "cmi": (),
    "leaks": (),
    "simplex": (),
    "ablations": (),
    "hypotheses": (),
    "responses": (),
    "profiles": (),
    "history": (),
    "certificates": ("certify", "attack"),
    "certified_images": ("certify", "attack"),
    "cascades": ("certify",),
    "sensitivity": ("sensitivity",),
    "steps": ("attack",),
    "claims": ("attack", "sensitivity"),
}
"""Name to stages."""

LABELS = ("models", "knockoff", "robustness")
"""What every page reads, to know what methods and models are called."""

FOR_DVC = ("plots/history.csv", "plots/robustness.csv", "plots/cmi.csv", "metrics.json")
"""What DVC shows of a run; made with the tables of the index."""
