"""The claims of the teacher-assistant paper, decided on this run's numbers."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np

from distillab.metrics.trends import slope_per_doubling
from distillab.tables.chains import VIEWS, attacked_models, smallest_distances
from distillab.tables.columns import interval, shared
from distillab.tables.judged import Statement, judged
from distillab.tables.margins import one_image
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.results import Results
from distillab.tables.sensitivity import SMALL
from distillab.tables.table import Column, Table

Row = dict[str, Any]
Position = tuple[float, int, int]
"""Temperature, step and seed."""

ByPosition = dict[Position, float]

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


def rows(results: Results) -> list[Row]:
    """The table ``claims``: one row per chain and claim that has numbers here; Holm over each chain's claims.

    A seed of which a number that a claim rests on is not there counts for nothing in that claim.
    """
    found: list[Row] = []
    for chain in dict.fromkeys(run.chain for run in results.runs if run.chain and not run.teacher):
        found += [
            {"claim": said.name, "chain": chain, "statement": said.statement, "view": said.view, "unit": said.unit}
            | verdict
            | {"source": said.source}
            for said, verdict in judged(_claims(results, chain))
        ]
    return found


def _claims(results: Results, chain: str) -> Iterator[PaperClaim]:
    accuracy = _numbers(results, chain, lambda run: 100 * split_accuracy(results, run, "test"))
    trend, per_step = "points / doubling", "points / step"
    image = 100 / max(1, len(results.labels["test"]))
    least = image / _doublings(accuracy) if accuracy else 0.0
    yield PaperClaim(
        "accuracy_temperature", "accuracy falls slightly as T grows", trend, _over_t(accuracy), "down", least, least,
        source="V-A",
    )  # fmt: skip
    yield PaperClaim(
        "accuracy_steps", "more steps have no significant effect on accuracy", per_step, _over_steps(accuracy), "none",
        100 * one_image(results), image / _step_range(accuracy) if accuracy else 0.0, source="VI",
    )  # fmt: skip
    small, counted = _small_shares(results, chain)
    least = 100 / counted / _doublings(small) if small else 0.0
    yield PaperClaim(
        "small_gradients", "more gradients below 1e-10 as T grows (teachers)", trend, _over_t(small), "up", least,
        least, source="V-B",
    )  # fmt: skip
    sure = _numbers(results, chain, lambda run: 100 * results.scores(run.member.id).confidence)
    yield PaperClaim(
        "confidence_temperature", "confidence shows no trend in T", trend, _over_t(sure), "none",
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
    """What the paper says of the robustness in a norm; an effect counts from one image's mean distance on."""
    mean, gone, images = _mean_distances(results, chain, norm, view)
    near, pair = _whole(mean, gone, range(STUDENT + 1)), _whole(mean, gone, (STUDENT - 1, STUDENT))
    whole, image = _whole(mean, gone), float(np.mean(list(mean.values()))) / images if mean else 0.0
    said = (
        (f"robustness_temperature_{norm}", f"robustness in {norm} grows with T", f"{norm} / doubling", _over_t(near),
         _doublings(near), "V-C"),
        (f"student_assistant_{norm}", f"the student is more robust in {norm} than the assistant, on average over T",
         norm, _later_minus_earlier(pair, STUDENT, STUDENT - 1), 1.0, "V-C"),
        (f"robustness_steps_{norm}", f"robustness in {norm} grows with every step", f"{norm} / step",
         _over_steps(whole), _step_range(whole), "VI"),
    )  # fmt: skip
    return [
        PaperClaim(name, statement, unit, values, "up", image / span, source=source, view=view)
        for name, statement, unit, values, span, source in said
    ]


def _doublings(numbers: ByPosition) -> float:
    """Over how many doublings of T these numbers reach, one at least."""
    temperatures = [key[0] for key in numbers]
    return max(1.0, log2(max(temperatures) / min(temperatures))) if temperatures else 1.0


def _step_range(numbers: ByPosition) -> int:
    """Over how many steps these numbers reach, one at least."""
    steps = _steps(numbers)
    return max(1, steps[-1] - steps[0]) if steps else 1


def _mean_distances(results: Results, chain: str, norm: str, view: str) -> tuple[ByPosition, set[Position], int]:
    """The means of models that were ever right, the models that lack one for want of an attack, the fewest images."""
    asked = {_key(run) for run, _ in attacked_models(results, norm, view) if run.chain == chain}
    found = {_key(it.run): it.by_image for it in smallest_distances(results, norm, view) if it.run.chain == chain}
    means = {key: float(by_image.mean()) for key, by_image in found.items() if len(by_image)}
    return means, asked - found.keys(), min((len(found[key]) for key in means), default=1)


def _numbers(results: Results, chain: str, number: Callable[[ModelRun], float]) -> ByPosition:
    planned = {_key(run) for run in results.planned if run.chain == chain}
    found = {_key(run): number(run) for run in results.runs if run.chain == chain}
    return _whole(found, planned - found.keys())


def _whole(numbers: ByPosition, gone: set[Position], steps: Container[int] | None = None) -> ByPosition:
    """The numbers of these steps, of the seeds of which none of them is gone."""
    seeds = {seed for _, step, seed in gone if steps is None or step in steps}
    return {key: value for key, value in numbers.items() if key[2] not in seeds and (steps is None or key[1] in steps)}


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
    return _whole(found, gone), images


def _over_t(numbers: ByPosition) -> tuple[float, ...]:
    """Per seed, the slope in T of the mean over the steps that the seed has at every temperature."""
    temperatures = sorted({key[0] for key in numbers})
    if len(temperatures) < 2:
        return ()
    slopes = []
    for seed in _seeds(numbers):
        steps = [s for s in _steps(numbers) if all((t, s, seed) in numbers for t in temperatures)]
        if steps:
            means = [float(np.mean([numbers[t, s, seed] for s in steps])) for t in temperatures]
            slopes.append(slope_per_doubling(temperatures, means))
    return tuple(slopes)


def _over_steps(numbers: ByPosition) -> tuple[float, ...]:
    """Per seed, the least-squares slope per step of the mean over temperatures, over the steps that all seeds have."""
    temperatures = sorted({key[0] for key in numbers})
    seeds = _seeds(numbers)
    steps = [s for s in _steps(numbers) if all((t, s, seed) in numbers for t in temperatures for seed in seeds)]
    if len(steps) < 2:
        return ()
    means = [[float(np.mean([numbers[t, s, seed] for t in temperatures])) for s in steps] for seed in seeds]
    return tuple(float(np.polyfit(steps, row, 1)[0]) for row in means)


def _later_minus_earlier(numbers: ByPosition, later: int, earlier: int) -> tuple[float, ...]:
    """Per seed, the mean over temperatures of one step's number minus another's."""
    differences: dict[int, list[float]] = {}
    for (temperature, step, seed), value in numbers.items():
        if step == later and (temperature, earlier, seed) in numbers:
            differences.setdefault(seed, []).append(value - numbers[temperature, earlier, seed])
    return tuple(float(np.mean(values)) for values in differences.values())


def _steps(numbers: ByPosition) -> list[int]:
    return sorted({key[1] for key in numbers})


def _seeds(numbers: ByPosition) -> list[int]:
    return list(dict.fromkeys(key[2] for key in numbers))


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
