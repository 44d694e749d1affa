"""Gains of knockoffs over students that had no answers: against all of them, with variances that cells share."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.adjustment import adjusted
from distillab.metrics.intervals import MIN_SEEDS
from distillab.metrics.moderated import PerCell, moderate

Accuracies = Mapping[Any, float]
"""Test accuracy in [0, 1] per run; runs of knockoffs and controls that share their seed have the same key."""


class CellKey(NamedTuple):
    """Who is asked, and how the answers are used."""

    teacher: str
    attack: str


@dataclass(frozen=True)
class Gain:
    """A difference of mean accuracies, in [-1, 1], with its standard error over training seeds."""

    value: float
    error: float
    """Standard error; nan where nothing is known of the spread."""
    df: float
    """Degrees of freedom; 0 where no bounds are claimed: below three runs of either kind."""
    n: int
    n_control: int
    shared: float = 0.0
    """The part of the error that comes from the controls' mean, which all gains over this control have in common."""

    def lower(self, level: float) -> float | None:
        """One-sided lower bound that errs with probability ``level``; None where no bounds are claimed."""
        return max(-1.0, self.value - self._half(level)) if self.df > 0 else None

    def upper(self, level: float) -> float | None:
        """One-sided upper bound that errs with probability ``level``; None where no bounds are claimed."""
        return min(1.0, self.value + self._half(level)) if self.df > 0 else None

    def _half(self, level: float) -> float:
        return float(stdtrit(self.df, 1 - level)) * self.error


@dataclass(frozen=True)
class Gains:
    """All gains of one thief, and what its cells were found to share."""

    cells: Mapping[CellKey, Mapping[str, Gain]]
    """Per cell, the gain over each control."""
    slopes: Mapping[str, float]
    """Per control, the slope of a knockoff's accuracy on that of the control of its seed, in [0, 1]."""
    prior_dfs: Mapping[str, float]
    """Per control, the weight of an attack's variance beside a cell's own, in degrees of freedom."""

    def of_teacher(self, teacher: str) -> dict[str, Mapping[str, Gain]]:
        """Attack to its gains over each control."""
        return {key.attack: found for key, found in self.cells.items() if key.teacher == teacher}


def gains_over_controls(
    knockoffs: Mapping[CellKey, Accuracies], controls: Mapping[str, Accuracies], *, n_test: int
) -> Gains:
    """Gains of one thief's knockoffs over each control, against the mean of all its seeds.

    With ``x`` the n accuracies of a cell, ``c`` the m ones of the control and ``c_s`` those f n of them that share
    their seed with a run of the cell, the gain is ``mean(x) - f b (mean(c_s) - mean(c)) - mean(c)``, b the slope of x
    on c within cells. Its variance is ``v / n + w (f (mean(c_s) - mean(c)))^2 + (1 - f b)^2 u / m``: v the variance of
    ``x - b c`` (moderated over the teachers of an attack), w that of the slope, u that of the control. What is left of
    x is not correlated with c, so this is exact also where the runs of the cell are a subset of the control's. The
    degrees of freedom are Welch's and Satterthwaite's.

    Where b is 0 because no slope is established, x and c of a seed are taken to be independent, which is too careful
    if they rise together. Neither v nor u is below the variance of one test image. Fewer than three runs of a cell or
    a control have a gain and no bounds.

    Args:
        knockoffs: Per teacher and attack, accuracy per run.
        controls: The same of students that had the same labels and no answers; more runs than a cell has, usually.
        n_test: Test images behind each accuracy.

    Raises:
        ContractError: No cell, no control, one without runs, or an accuracy outside [0, 1].

    Reference: methods, thieves 5; Cochran 1977, section 12.5 (regression on a variable that is known of more units);
    Satterthwaite 1946.
    """
    for where, runs in {**{str(tuple(key)): runs for key, runs in knockoffs.items()}, **controls}.items():
        require_accuracies(where, runs)
    if not knockoffs or not controls:
        raise ContractError("nothing to compare", where="gains_over_controls", expected="a cell and a control")
    found = {name: _over(knockoffs, control, 1 / n_test) for name, control in controls.items()}
    return Gains(
        {key: {name: part[0][key] for name, part in found.items()} for key in knockoffs},
        {name: part[1] for name, part in found.items()},
        {name: part[2] for name, part in found.items()},
    )


def headroom(teacher: Accuracies, control: Accuracies, *, n_test: int) -> Gain:
    """How much more accurate than the control the teacher is: what there is to steal.

    The two are independent samples, each with a standard deviation of one image at least. A single teacher is what the
    statement is about and not a sample: its own error is one image.

    Raises:
        ContractError: No run, or an accuracy outside [0, 1].
    """
    parts = {"teacher": teacher, "control": control}
    for where, runs in parts.items():
        require_accuracies(where, runs)
    (mean, own), (control_mean, shared) = (_mean_and_error(runs, 1 / n_test) for runs in parts.values())
    n, n_control = len(teacher), len(control)
    df = _welch(np.array([own]), np.array([n - 1 if n > 1 else np.inf]), np.array([shared]), n_control)[0]
    bounded = n_control >= MIN_SEEDS and (n == 1 or n >= MIN_SEEDS)
    return Gain(mean - control_mean, sqrt(own**2 + shared**2), float(df) if bounded else 0.0, n, n_control, shared)


def require_margin(margin: float, n_test: int) -> None:
    """Refuse a margin that is smaller than one test image.

    Raises:
        SpecError: It is.
    """
    if margin < (1 - 1e-9) / n_test:
        raise SpecError("margin below one test image", where="margin", expected=f">= {1 / n_test:.3g}", got=str(margin))


def require_accuracies(where: str, runs: Accuracies) -> None:
    """Refuse a sample without runs, or with a number that is no accuracy.

    Raises:
        ContractError: It is.
    """
    if not runs or not all(0 <= value <= 1 for value in runs.values()):
        raise ContractError("no accuracies", where=where, expected="shares in [0, 1]", got=str(list(runs.values())))


def _mean_and_error(runs: Accuracies, floor: float) -> tuple[float, float]:
    n = len(runs)
    spread = float(np.std(list(runs.values()), ddof=1)) if n > 1 else 0.0
    return fsum(runs.values()) / n, max(spread, floor) / sqrt(n)


def _over(
    knockoffs: Mapping[CellKey, Accuracies], control: Accuracies, floor: float
) -> tuple[dict[CellKey, Gain], float, float]:
    """Gains over one control, the slope, and the weight of an attack's variance."""
    runs = list(dict.fromkeys(run for of_cell in knockoffs.values() for run in of_cell))
    matrix = np.array([[of_cell.get(run, np.nan) for run in runs] for of_cell in knockoffs.values()])
    mean, error = _mean_and_error(control, floor)
    same_seed = np.array([control.get(run, np.nan) for run in runs]) - mean
    attacks = [key.attack for key in knockoffs]
    cells = adjusted(matrix, same_seed, attacks, floor=floor)
    spread = moderate(cells.squares, cells.dfs, attacks, floor=floor, correlation=cells.correlation)
    own = np.sqrt(spread.variances / cells.n + np.square(cells.slope_error * cells.shift))
    shared = (1 - cells.slope * cells.paired_share) * error
    df = _welch(own, spread.dfs, shared, len(control))
    bounded = (cells.n >= MIN_SEEDS) & (len(control) >= MIN_SEEDS)
    columns = cells.means - mean, np.hypot(own, shared), np.where(bounded, df, 0.0), cells.n, shared
    found = {
        key: Gain(value, total, freedom, int(n), len(control), part)
        for key, value, total, freedom, n, part in zip(knockoffs, *(c.tolist() for c in columns), strict=True)
    }
    return found, cells.slope, spread.prior_df


def _welch(own: PerCell, own_df: PerCell, shared: PerCell, n_control: int) -> PerCell:
    """Degrees of freedom of a sum of two independent variances; 0 where one of them has none."""
    parts = np.square(own), np.square(shared)
    with np.errstate(divide="ignore"):
        doubt = np.square(parts[0]) / own_df + np.square(parts[1]) / np.float64(n_control - 1)
    df: PerCell = np.square(parts[0] + parts[1]) / doubt
    return df
