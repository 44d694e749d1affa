"""A model behind an HTTP endpoint: asked about each image once, through the journal of its answers."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float32
from pydantic import Field
from torch import Tensor, nn

from distillab.blackbox.asked import journal_of
from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import AnswerFormat
from distillab.blackbox.journal import Paid, opened
from distillab.blackbox.pixels import Pixels
from distillab.models.brought.answering import Answering, AnsweringSpec
from distillab.specs.model import Domain


class EndpointModel(AnsweringSpec):
    """An HTTP endpoint that answers images. Every answer is kept and never asked for again."""

    name: Literal["endpoint"] = "endpoint"
    label: ClassVar[str] = "HTTP endpoint"

    endpoint: EndpointSpec = Field(description="Where it is, and how it may be asked")

    def files(self) -> tuple[Path, ...]:
        """None: it is another model when its address or version, what it is shown or what is read changes."""
        return ()

    def fingerprint(self) -> str:
        """Hash of these."""
        return self.endpoint.model(self.answers)

    def read(self, domain: Domain) -> dict[str, Tensor]:  # noqa: ARG002 - what it is like, its answers will say
        """The hash alone."""
        return {"content": torch.tensor([*bytes.fromhex(self.fingerprint())], dtype=torch.uint8)}

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:  # noqa: ARG002 - it is elsewhere
        """The endpoint as a network; nothing is asked before it is."""
        return _Endpoint(self, self.answer(domain)).eval()

    def journal(self, root: Path) -> Path:
        """Where its answers are kept in the project at ``root``."""
        return journal_of(root, self.fingerprint())

    def paid(self, root: Path) -> Paid:
        """What the project at ``root`` asked for and got, in all runs."""
        with opened(self.journal(root)) as journal:
            return journal.paid()


class _Endpoint(Answering):
    """The endpoint as a network without parameters."""

    def __init__(self, spec: EndpointModel, answer: AnswerFormat) -> None:
        super().__init__()
        self.spec, self.answer = spec, answer
        self._asker: Asker | None = None

    def log_probs(self, x: Pixels) -> Float32[np.ndarray, "n k"]:
        """What the journal has, or the endpoint says."""
        if self._asker is None:
            self._asker = Asker(self.spec.endpoint, self.answer, self.spec.journal(self.root), self.expected)
        return self._asker.log_probs(x)
