"""Beside which teacher another one stands in a comparison of answers: its own network's without a defense."""

from collections.abc import Sequence

from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.thefts import brought_in

REFERENCE = "ce"
"""The defense whose answers the others are compared with: no protection."""


def plain_beside(results: Results, teachers: Sequence[ModelRun]) -> dict[str, ModelRun]:
    """Member id to the unprotected teacher of the same network and seed, as far as there is one.

    Where the network is from elsewhere, with a defense around it or without, that is the network as it is.
    """
    plain = {(_family(results, run), run.seed): run for run in teachers if _is_plain(results, run)}
    keys = {run.member.id: (_family(results, run), run.seed) for run in teachers}
    return {member_id: plain[key] for member_id, key in keys.items() if key in plain}


def _family(results: Results, run: ModelRun) -> tuple[str, str]:
    return run.arch, brought_in(results, run.defense)


def _is_plain(results: Results, run: ModelRun) -> bool:
    return run.defense == (brought_in(results, run.defense) or REFERENCE)
