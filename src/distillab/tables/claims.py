"""The claims of the teacher-assistant paper, decided on this run's numbers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.tables.chains import VIEWS, attacked_models, smallest_distances
from distillab.tables.columns import interval, shared
from distillab.tables.judged import Statement, judged
from distillab.tables.margins import one_image
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.positions import (
    ByPosition,
    Position,
    doublings,
    later_minus_earlier,
    means_on_common,
    of_whole_seeds,
    over_steps,
    over_temperatures,
    step_range,
)
from distillab.tables.results import Results
from distillab.tables.sensitivity import SMALL
from distillab.tables.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

STUDENT = 2
"""Steps up to this one are the paper's teacher, assistant and student; the later ones its section VI."""

BOTH = "both"
"""The view of a claim of which the attacks on Z and those on Z/T say the same."""

CONFIDENCE_MARGIN = 0.01
"""Mean confidence per doubling of the temperature that counts as no trend: one point."""


@dataclass(frozen=True)
class PaperClaim(Statement):
    """A statement of the paper, with its section and, for a robustness, the view of the logits."""

    source: str = ""
    view: str = ""
    chain: str = ""


def rows(results: Results) -> list[Row]:
    """The table ``claims``: one row per chain and claim that has numbers here; Holm over all rows.

    A seed of which a number that a claim rests on is not there counts for nothing in that claim.
    """
    chains = dict.fromkeys(run.chain for run in results.runs if run.chain and not run.teacher)
    said_of = (replace(said, chain=chain) for chain in chains for said in _claims(results, chain))
    return [
        {"claim": said.name, "chain": said.chain, "statement": said.statement, "view": said.view, "unit": said.unit}
        | verdict
        | {"source": said.source}
        for said, verdict in judged(said_of)
    ]


def _claims(results: Results, chain: str) -> Iterator[PaperClaim]:
    accuracy = _numbers(results, chain, lambda run: 100 * split_accuracy(results, run, "test"))
    trend, per_step = "points / doubling", "points / step"
    image = 100 / max(1, len(results.labels["test"]))
    least = image / doublings(accuracy) if accuracy else 0.0
    yield PaperClaim(
        "accuracy_temperature", "accuracy falls slightly as T grows", trend, over_temperatures(accuracy), "down", least,
        least, source="V-A",
    )  # fmt: skip
    yield PaperClaim(
        "accuracy_steps", "more steps have no significant effect on accuracy", per_step, over_steps(accuracy), "none",
        100 * one_image(results), image / step_range(accuracy) if accuracy else 0.0, source="VI",
    )  # fmt: skip
    small, counted = _small_shares(results, chain)
    least = 100 / counted / doublings(small) if small else 0.0
    yield PaperClaim(
        "small_gradients", "more gradients below 1e-10 as T grows (teachers)", trend, over_temperatures(small), "up",
        least, least, source="V-B",
    )  # fmt: skip
    sure = _numbers(results, chain, lambda run: 100 * results.scores(run.member.id).confidence)
    yield PaperClaim(
        "confidence_temperature", "confidence shows no trend in T", trend, over_temperatures(sure), "none",
        100 * CONFIDENCE_MARGIN, source="V-D",
    )  # fmt: skip
    yield from _robustness(results, chain)


ALIKE = 0.005
"""Part of the largest number by which numbers may differ that three digits show alike."""


def _robustness(results: Results, chain: str) -> Iterator[PaperClaim]:
    for norm in ("l2", "linf", "l0"):
        by_view = {view: _of_view(results, chain, norm, view) for view in VIEWS}
        for claims in zip(*by_view.values(), strict=True):
            yield from _told_once(claims)


def _told_once(claims: tuple[PaperClaim, ...]) -> Iterator[PaperClaim]:
    """A claim in each view of the logits; where no seed's numbers differ by what three digits show, one, of both."""
    if len({len(claim.values) for claim in claims}) == 1 and _alike([claim.values for claim in claims]):
        yield replace(claims[0], view=BOTH)
    else:
        yield from claims


def _alike(views: Sequence[Sequence[float]]) -> bool:
    values = np.array(views, dtype=np.float64)
    return not values.size or bool(np.ptp(values, axis=0).max() <= ALIKE * np.abs(values).max())


def _of_view(results: Results, chain: str, norm: str, view: str) -> list[PaperClaim]:
    """What the paper says of the robustness in a norm; an effect counts from one image's mean distance on.

    Networks are compared on images that all of them are right about: means over the images of each would also tell
    which images these are.
    """
    every, gone = _distances(results, chain, norm, view)
    near, pair = of_whole_seeds(every, gone, range(STUDENT + 1)), of_whole_seeds(every, gone, (STUDENT - 1, STUDENT))
    said = (
        (f"robustness_temperature_{norm}", f"robustness in {norm} grows with T", f"{norm} / doubling", near,
         lambda key: (key[1], key[2]), over_temperatures, doublings, "V-C"),
        (f"student_assistant_{norm}", f"the student is more robust in {norm} than the assistant, on average over T",
         norm, pair, lambda key: (key[0], key[2]), _gained, lambda _: 1.0, "V-C"),
        (f"robustness_steps_{norm}", f"robustness in {norm} grows with every step", f"{norm} / step",
         of_whole_seeds(every, gone), lambda key: (key[0], key[2]), over_steps, step_range, "VI"),
    )  # fmt: skip
    found = []
    for name, statement, unit, distances, compared, number, span, source in said:
        means, images = means_on_common(distances, compared)
        image = float(np.mean(list(means.values()))) / images if means else 0.0
        found.append(
            PaperClaim(name, statement, unit, number(means), "up", image / span(means), source=source, view=view)
        )
    return found


def _gained(means: ByPosition) -> tuple[float, ...]:
    """What the student has over the assistant."""
    return later_minus_earlier(means, STUDENT, STUDENT - 1)


def _distances(
    results: Results, chain: str, norm: str, view: str
) -> tuple[dict[Position, "pd.Series[float]"], set[Position]]:
    """The distances of models that were ever right, and the models that lack them for want of an attack."""
    asked = {_key(run) for run, _ in attacked_models(results, norm, view) if run.chain == chain}
    found = {_key(it.run): it.by_image for it in smallest_distances(results, norm, view) if it.run.chain == chain}
    return {key: by_image for key, by_image in found.items() if len(by_image)}, asked - found.keys()


def _numbers(results: Results, chain: str, number: Callable[[ModelRun], float]) -> ByPosition:
    planned = {_key(run) for run in results.planned if run.chain == chain}
    found = {_key(run): number(run) for run in results.runs if run.chain == chain}
    return of_whole_seeds(found, planned - found.keys())


def _key(run: ModelRun) -> Position:
    return run.temperature, run.step, run.seed


def _small_shares(results: Results, chain: str) -> tuple[ByPosition, int]:
    """Percent of the teachers' images, and of how many images."""
    found: ByPosition = {}
    images = 1
    gone: set[Position] = set()
    for member in results.planned_members("sensitivity"):
        run = results.run_of(member.parents["model"])
        if run.chain != chain or run.step != 0:
            continue
        if results.made(member.id):
            amplitudes = results.sensitivity(member)["log10_all"].to_numpy()
            found[_key(run)], images = 100 * float((amplitudes < SMALL).mean()), len(amplitudes)
        else:
            gone.add(_key(run))
    return of_whole_seeds(found, gone), images


TABLE = Table(
    "claims",
    (
        Column("claim", "text", "key of the claim"),
        *shared("chain", "statement"),
        Column("view", "text", "what the attacks saw: raw, worst of raw and rescaled, both if these agree; else empty"),
        *shared("unit"),
        Column("value", "mixed", "mean over seeds of the trend or the difference"),
        *interval("low", "high", "mixed", of="this mean", optional=True),
        *shared("p", "decision", "seeds"),
        Column("source", "text", "section of the paper"),
    ),
    ("attack", "sensitivity"),
    rows,
)
