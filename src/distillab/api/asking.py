"""A model that can be asked and nothing else: a function of the caller's, its answers checked and counted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from distillab.blackbox.forms import AnswerFormat, Fault, Form
from distillab.core.errors import ContractError, SpecError
from distillab.core.shapes import Images, LogProbs, Probs
from distillab.core.shown import shown as plainly
from distillab.data.dataset import Batch
from distillab.knockoff.answer_forms import shown
from distillab.knockoff.teacher import TOGETHER, Answers, Teacher
from distillab.specs.thief import AnswerForm

Query = Callable[[Images], Tensor | np.ndarray]
"""Images (n, c, h, w) in [0, 1] to answers: probabilities or logits (n, k), or labels (n,)."""

TOLERANCE = 1e-3
"""How far probabilities may sum from 1; they are divided by their sum."""


def _one_of(kind: Any, value: object, where: str, expected: str) -> Any:  # noqa: ANN401 - a union is no type
    """The value as one of a union's.

    Raises:
        SpecError: it is none; what is not known would show a thief everything.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise SpecError("no such form of an answer", where=where, expected=expected, got=plainly(value)) from error


def _wide(said: Tensor) -> Tensor:
    """Numbers that numpy knows: of half precision as float32."""
    return said.detach().to(torch.promote_types(said.dtype, torch.float32) if said.is_floating_point() else said.dtype)


class AskedFunction(Teacher):
    """A function as a released model: what a thief may see of its answers, and a counter of the images asked about."""

    def __init__(
        self, query: Query, classes: int | None, *, answers: Form, shows: AnswerForm = "probabilities"
    ) -> None:
        super().__init__(nn.Identity(), lambda log_probs, _images: log_probs)
        answers = _one_of(Form, answers, "answers", "probabilities, logits or labels")
        shows = _one_of(AnswerForm, shows, "shows", "probabilities, label, TopClasses or RoundedProbabilities")
        if classes is not None and (not isinstance(classes, int) or classes < 2):
            raise SpecError("too few classes", where="classes", expected="at least 2", got=plainly(classes))
        if answers == "labels" and classes is None:
            raise SpecError("labels do not tell how many classes there are", where="classes", expected="their number")
        self._query, self._answers, self._shows = query, answers, shows
        self._classes = classes

    @property
    def classes(self) -> int:
        """Number of classes: as given, else that of the first answer.

        Raises:
            ContractError: nothing was asked yet.
        """
        if self._classes is None:
            raise ContractError("nothing was asked yet", where="classes")
        return self._classes

    def instead(self, model: nn.Module) -> "AskedFunction":
        """A network that was trained here, asked as this one is."""

        def logits(images: Images) -> Tensor:
            said: Tensor = model(images)
            return said

        return AskedFunction(logits, self.classes, answers="logits", shows=self._shows)

    def query(self, images: Images) -> Probs:
        """What the thief sees of the answers: probabilities, float32 (n, k) on the images' device; rows sum to 1.

        Raises:
            ContractError: these are no answers to the images.
        """
        self.queries += len(images)
        with torch.no_grad():
            said = self._query(images.detach().clone())  # which may work in place
        values = _wide(said).cpu().numpy() if isinstance(said, Tensor) else np.asarray(said)
        if self._classes is None and values.ndim == 2:
            self._classes = values.shape[1]
        form = AnswerFormat(self._answers, self._classes or 0, TOLERANCE)
        rows = form.rows(values, len(images))
        if isinstance(rows, Fault):
            raise ContractError(f"query: {rows.what}", expected=rows.expected, got=rows.got)
        if self._classes == 1:
            raise ContractError(
                "query: answers of one class", expected="probabilities or logits (n, k), k at least 2", got="1"
            )
        return shown(torch.from_numpy(form.log_probs(rows)), self._shows).exp().to(images.device)


class OnceAsked(Answers):
    """Each image is asked about once, unaugmented, when its answer is first needed."""

    def __init__(self, teacher: AskedFunction, images: Images) -> None:
        self.teacher, self.images = teacher, images
        self.asked = torch.zeros(len(images), dtype=torch.bool)
        self.probs = torch.zeros(0)

    def ask(self, index: Int[Tensor, " m"]) -> Probs:
        """The answers to the images at ``index``, on their device."""
        missing = index[~self.asked[index]].unique()
        for rows in missing.split(TOGETHER) if len(missing) else ():
            said = self.teacher.query(self.images[rows.to(self.images.device)])
            if not len(self.probs):
                self.probs = said.new_zeros(len(self.images), said.shape[1])
            self.probs[rows.to(said.device)] = said
            self.asked[rows] = True
        return self.probs[index.to(self.probs.device)]

    def __call__(self, batch: Batch) -> LogProbs:
        """The stored answers to the batch's images."""
        return self.ask(batch.index).log()
