"""What counts as an answer: probabilities, logits or a label for each image, checked before anything is kept."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Float64

Form = Literal["probabilities", "logits", "labels"]

SLIGHTLY = 1e-6
"""How far below zero rounding may put a probability that is zero."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with answers."""

    what: str
    expected: str
    got: str
    row: int | None = None
    """Where it is the fault of one answer."""


@dataclass(frozen=True)
class AnswerFormat:
    """What an answer to one image must be."""

    form: Form
    classes: int
    """Of the data set."""
    tolerance: float
    """How far probabilities may sum from 1."""

    @property
    def width(self) -> int:
        """Numbers that are kept of it."""
        return 1 if self.form == "labels" else self.classes

    def rows(self, values: np.ndarray[Any, Any], n: int) -> Float32[np.ndarray, "n width"] | Fault:
        """The answers to n images as they are kept, or what is wrong with them.

        Probabilities are divided by their sum; exact zeros stay zeros. A label is kept as its number alone.
        """
        if values.dtype.kind not in "iuf":
            return Fault("answers are not numbers", self.form, f"values of type {values.dtype}")
        fault = _misshapen(values, self, n)
        if fault:
            return fault
        wide = values.astype(np.float64).reshape(n, -1)
        fault = _wrong(wide, self)
        return fault or _kept(_normalized(wide) if self.form == "probabilities" else wide)

    def is_kept(self, row: Float32[np.ndarray, " width"]) -> bool:
        """Whether an answer that was kept is one of so many classes."""
        return len(row) == self.width and (self.form != "labels" or row[0] < self.classes)

    def log_probs(self, rows: Float32[np.ndarray, "n width"]) -> Float32[np.ndarray, "n k"]:
        """Kept answers as logarithms of probabilities; ``-inf`` for exact zeros and for every class but a label's."""
        if self.form == "labels":
            hot = np.full((len(rows), self.classes), -np.inf, dtype=np.float32)
            hot[np.arange(len(rows)), rows[:, 0].astype(np.int64)] = 0
            return hot
        if self.form == "probabilities":
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(rows))
        shifted = rows.astype(np.float64) - rows.max(axis=1, keepdims=True)
        return _kept(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _misshapen(values: np.ndarray[Any, Any], answer: AnswerFormat, n: int) -> Fault | None:
    wanted = (n,) if answer.form == "labels" else (n, answer.classes)
    if values.shape == wanted:
        return None
    if answer.form != "labels" and values.ndim == 2 and len(values) == n:
        return Fault("answers of another number of classes", f"{answer.classes} for each image", f"{values.shape[1]}")
    return Fault("not one answer for each image", f"shape {wanted}", f"shape {values.shape}")


def _wrong(wide: Float64[np.ndarray, "n k"], answer: AnswerFormat) -> Fault | None:
    """The first number that cannot be in an answer."""
    if answer.form == "labels":
        wrong = ~np.isfinite(wide) | (wide % 1 != 0) | (wide < 0) | (wide >= answer.classes)
        return _first(wide, wrong, "not a class", f"a whole number from 0 to {answer.classes - 1}")
    fault = _first(wide, ~(np.abs(wide) <= np.finfo(np.float32).max), "not a finite number", answer.form)
    if fault or answer.form == "logits":
        return fault
    outside = (wide < -SLIGHTLY) | (wide > 1 + answer.tolerance)
    return _first(wide, outside, "not a probability", "numbers from 0 to 1") or _off_the_simplex(wide, answer.tolerance)


def _first(wide: Float64[np.ndarray, "n k"], wrong: np.ndarray[Any, Any], what: str, expected: str) -> Fault | None:
    """The first value that is wrong."""
    if not wrong.any():
        return None
    row, column = np.argwhere(wrong)[0]
    return Fault(what, expected, f"{wide[row, column]:.6g}", int(row))


def _off_the_simplex(wide: Float64[np.ndarray, "n k"], tolerance: float) -> Fault | None:
    sums = wide.sum(axis=1)
    wrong = np.abs(sums - 1) > tolerance
    if not wrong.any():
        return None
    row = int(wrong.argmax())
    return Fault("probabilities that do not sum to 1", f"1 within tolerance: {tolerance:g}", f"{sums[row]:.6g}", row)


def _normalized(wide: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    clipped = wide.clip(min=0)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def _kept(wide: Float64[np.ndarray, "n k"]) -> Float32[np.ndarray, "n k"]:
    return np.asarray(wide, dtype=np.float32)
