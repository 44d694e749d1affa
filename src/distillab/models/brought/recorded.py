"""A table of recorded answers in place of a model: only images that it has answers for can be asked about."""

import logging
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float32
from pydantic import Field
from torch import Tensor, nn

from distillab.blackbox.forms import AnswerFormat
from distillab.blackbox.journal import DIGEST
from distillab.blackbox.pixels import Pixels, image_hashes
from distillab.core.errors import ArtifactError
from distillab.core.shown import shown
from distillab.models.brought.answering import Answering, AnsweringSpec
from distillab.specs.base import PASSING
from distillab.specs.brought import LARGEST, NamedImages
from distillab.specs.model import Domain

ROWS, IDS, IMAGES = "answers", "ids", "images"
"""Names in a payload: what was answered; to which ids; and the hashes of their images, in one order."""

log = logging.getLogger("distillab")


class RecordedModel(AnsweringSpec):
    """A csv, parquet or npz table with one row for each image of the run: its id, and probabilities or a label.

    An image that is a file is called as its file, relative to the folder of the data; any other by its split and place,
    from 0: ``test/17``.
    """

    name: Literal["recorded"] = "recorded"
    label: ClassVar[str] = "recorded answers"
    largest: ClassVar[int] = 3 * LARGEST

    recorded: Path = Field(description="The table: id,p0,p1,... or id,label", json_schema_extra=PASSING)

    def files(self) -> tuple[Path, ...]:
        """The table."""
        return (self.recorded,)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The table's ids and answers."""
        from distillab.blackbox.recorded import read_recorded

        found = read_recorded(self.recorded, self.answer(domain))
        ids = torch.frombuffer(bytearray("\n".join(found.ids).encode()), dtype=torch.uint8)
        return {ROWS: torch.from_numpy(found.rows), IDS: ids}

    def matched(self, payload: dict[str, Tensor], images: NamedImages) -> dict[str, Tensor]:
        """The answers to the images of the run, each known by its pixels from now on.

        Raises:
            ArtifactError: the table names what is no image of the data, or has no answer to one of the run.
        """
        place = {name: i for i, name in enumerate(bytes(payload[IDS].numpy()).decode().split("\n"))}
        called = images.names()
        strangers = sorted(place.keys() - {name for names in called.values() for name in names})
        if strangers:
            example = shown(called["test"][0])
            raise self._mismatch("ids that are no images of the data", strangers, len(place), f"ids such as {example}")
        hashes: dict[bytes, int] = {}
        missing: list[str] = []
        for names, x in images.walk(called):
            missing += [name for name in names if name not in place]
            for name, each in zip(names, image_hashes(x), strict=True):
                hashes.setdefault(each, place.get(name, 0))
        if missing:
            raise self._mismatch("images without an answer", missing, images.count, "a row for every image of the run")
        repeated = images.count - len(hashes)
        if repeated:
            log.info("%s: %d images repeat another's pixels, and have the answer to the first", self.recorded, repeated)
        rows = torch.tensor([*hashes.values()])
        known = torch.frombuffer(bytearray(b"".join(hashes)), dtype=torch.uint8).reshape(-1, DIGEST)
        return {ROWS: payload[ROWS][rows], IMAGES: known}

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:
        """The table as a network."""
        return _Table(self, payload, self.answer(domain)).eval()

    def _mismatch(self, what: str, names: list[str], count: int, expected: str) -> ArtifactError:
        first = ", ".join(shown(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
        return ArtifactError(
            what,
            where=str(self.recorded),
            expected=expected,
            got=f"{len(names):,} of {count:,}: {first}",
            do="complete the table, or take these images out of the data",
        )


class _Table(Answering):
    """The table as a network without parameters."""

    def __init__(self, spec: RecordedModel, payload: dict[str, Tensor], answer: AnswerFormat) -> None:
        super().__init__()
        self.spec, self.answer = spec, answer
        self._rows = payload[ROWS].numpy()
        content = payload[IMAGES].numpy().tobytes()
        self._place = {content[i * DIGEST : (i + 1) * DIGEST]: i for i in range(len(self._rows))}

    def log_probs(self, x: Pixels) -> Float32[np.ndarray, "n k"]:
        """What was recorded.

        Raises:
            ArtifactError: for one of the images nothing was.
        """
        hashes = image_hashes(x)
        for i, each in enumerate(hashes):
            if each not in self._place:
                raise ArtifactError(
                    "asked about an image that has no recorded answer",
                    where=str(self.spec.recorded),
                    expected="images of the run, as they are",
                    got=f"image {i} of {len(hashes)}, which is none of them: perhaps changed or augmented",
                    do="use what asks about the images themselves, such as `responses: cached`",
                )
        return self.answer.log_probs(self._rows[[self._place[each] for each in hashes]])
