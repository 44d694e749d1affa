"""Columns that several tables share, declared once."""

from distillab.tables.table import Column

_SHARED = {
    column.name: column
    for column in (
        Column("model", "text", "id of the network, without its seed"),
        Column("role", "text", "what the network is: teacher, ls_student, pseudo_student, knockoff or chain"),
        Column("defense", "text", "key of the teacher's defense, or of its teacher's; empty where there is neither"),
        Column("defense_label", "text", "what pages call the defense"),
        Column("grade", "text", "provenance of the method: V verified, P one paper, S second-hand, R reconstruction"),
        Column("teacher", "text", "id of the teacher, without its seed"),
        Column("arch", "text", "key of the network's architecture"),
        Column("thief", "text", "key of the thief who trained it or whose labels it has; empty of teachers and chains"),
        Column("chain", "text", "key of the distillation chain; empty where there is none"),
        Column("temperature", "temperature", "of the chain's step; missing outside chains", optional=True),
        Column("step", "index", "the chain's step, from 0; -1 outside chains"),
        Column("seed", "index", "the run's seed"),
        Column("seeds", "seeds", "seeds that the number is a mean over"),
        Column("split", "text", "which images: train, val or test"),
        Column("norm", "text", "what distances are measured in: l0, l2 or linf"),
        Column("logits", "text", "what the attack saw: raw logits, rescaled ones, or from_ another network"),
        Column("targeted", "flag", "whether the attack had to reach a class that was drawn for it"),
        Column("strength", "text", "what its number must not stand without: cut short, weaker, or empty"),
        Column("statement", "text", "what is said"),
        Column("unit", "text", "of the value and its interval"),
        Column("decision", "text", "holds, contradicted or undecided"),
        Column("protects", "flag", "whether more than half of the leak is gone, and the accuracy is still there", True),
        Column("protection_reason", "text", "what speaks most against it", True),
        Column("share_low", "part", "lower end of its 95 % interval", True),
        Column("share_high", "part", "upper end of its 95 % interval", True),
        Column("p", "share", "Holm's adjusted p-value; missing below three seeds", optional=True),
    )
}


def shared(*names: str) -> tuple[Column, ...]:
    """The shared columns of these names, in this order."""
    return tuple(_SHARED[name] for name in names)


def interval(low: str, high: str, unit: str, *, of: str, optional: bool = False) -> tuple[Column, Column]:
    """Both ends of a 95 % interval; over seeds it may be missing, for there is none below three."""
    return (
        Column(low, unit, f"lower end of the 95 % interval of {of}", optional),
        Column(high, unit, f"upper end of the 95 % interval of {of}", optional),
    )


MODEL = ("model", "role", "defense", "arch", "chain", "temperature", "step")
"""The columns that name whom an attack or a certifier was asked about."""
