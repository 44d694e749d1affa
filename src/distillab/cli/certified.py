"""What ``distillab certify --weights`` prints: shares of images, what rounding leaves open, papers' own counts."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from distillab.evaluate.cascade import cascade_of
from distillab.specs.as_published import CITED

if TYPE_CHECKING:
    import pandas as pd

    from distillab.evaluate.cascade import CascadeVerdict

Frames = Sequence["pd.DataFrame"]


def lines(frames: Frames, seconds: Sequence[Sequence[float]], options: argparse.Namespace) -> Iterator[str]:
    """Everything about the certificates of a file's networks.

    Args:
        frames: one for each network, with a row per radius and image.
        seconds: of each network, by radius, CPU seconds an image.
        options: whether they are a cascade, whose count of errors was asked for, and the precision.
    """
    if options.cascade:
        yield from cascade_lines(frames, as_published=bool(options.as_published))
    else:
        yield from shares(frames[0], seconds[0])
    yield from rounding(frames, options.precision)
    if options.as_published:
        yield from counted_as_published(frames, options)


def shares(frame: "pd.DataFrame", seconds: Sequence[float]) -> Iterator[str]:
    """A line for each radius: clean and certified images, and the methods that decided."""
    from distillab.metrics.intervals import wilson

    yield f"{'eps':>10}  {'clean':>8}  {'certified':>9}  {'95 % interval':>16}  {'CPU s/image':>11}  decided by"
    for (eps, group), each in zip(frame.groupby("eps"), seconds, strict=True):
        share = wilson(int(group["certified"].sum()), len(group))
        clean = (group["predicted"] == group["label"]).mean()
        by = group.loc[group["certified"], "by"].value_counts() / len(group)
        decided = ", ".join(f"{method} {part:.2%}" for method, part in by.items()) or "none"
        interval = f"{share.low:.2%} to {share.high:.2%}"
        yield f"{eps:>10.6g}  {clean:>8.2%}  {share.value:>9.2%}  {interval:>16}  {each:>11.4f}  {decided}"


def cascade_lines(frames: Frames, *, as_published: bool) -> Iterator[str]:
    """A line for each radius and number of networks, from the first alone to all; then what the columns mean."""
    head = ("networks", "decided", "undecided", "error", "robust error", "strict")
    yield f"{'eps':>10}  " + "  ".join(f"{name:>{max(8, len(name))}}" for name in head)
    for eps, used, verdict in _cascades(frames, as_published=as_published):
        decided = verdict.decided(used)
        values = (
            decided[-1], 1 - sum(decided), verdict.standard_error, verdict.paper_robust_error,
            verdict.strict_robust_error,
        )  # fmt: skip
        columns = "  ".join(f"{value:>{max(8, len(name))}.2%}" for value, name in zip(values, head[1:], strict=True))
        yield f"{eps:>10.6g}  {used:>8}  {columns}"
    yield from (
        "decided: by the network added last; an image goes to the first network that certifies its own prediction",
        "robust error: undecided, or decided wrongly (Wong et al. 2018, 3.3); other images of a ball may go elsewhere",
        "strict: some image of the ball may get another certified answer than the label",
    )


def rounding(frames: Frames, precision: str) -> Iterator[str]:
    """How many images at each radius have a bound that rounding alone might have lifted above 0."""
    import pandas as pd

    within = pd.concat([frame.set_index("eps", append=True)["slack"] for frame in frames], axis=1).any(axis=1)
    for eps, group in within.groupby("eps"):
        yield (
            f"{int(group.sum()):,} of {len(group):,} images undecided within rounding ({precision}) at eps {eps:.6g}: "
            "counted as not certified"
        )


def counted_as_published(frames: Frames, options: argparse.Namespace) -> Iterator[str]:
    """Errors as the paper counts them: a label's bound of at most 0, a tie included, and nothing for rounding."""
    for eps, verdict in published_verdicts(frames).items():
        yield (
            f"as {CITED[options.as_published]} counts: error {100 * verdict.standard_error:.2f} %, robust error "
            f"{100 * verdict.paper_robust_error:.2f} % at eps {eps:.6g} (a bound of at most 0 is an error, a tie too; "
            "nothing is left for rounding)"
        )


def published_verdicts(frames: Frames) -> "dict[float, CascadeVerdict]":
    """By radius, the verdicts of all networks together as the papers count."""
    return {eps: verdict for eps, used, verdict in _cascades(frames, as_published=True) if used == len(frames)}


def _cascades(frames: Frames, *, as_published: bool) -> "Iterator[tuple[float, int, CascadeVerdict]]":
    """Radius, number of networks from the first on, and their verdicts."""
    by_radius = [dict(list(frame.groupby("eps"))) for frame in frames]
    for eps in by_radius[0]:
        for used in range(1, len(frames) + 1):
            verdict = cascade_of([groups[eps] for groups in by_radius[:used]], as_published=as_published)
            yield float(eps), used, verdict
