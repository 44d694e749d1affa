"""SNT: a nasty teacher whose wrong classes do not follow what the classes mean."""

import hashlib
from pathlib import Path
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Float, Int
from pydantic import Field, model_validator
from torch import Tensor, nn

from distillab.core.bounds import Factor
from distillab.core.shapes import Labels, Logits, PerExample
from distillab.data.dataset import Batch
from distillab.defenses.class_similarity import Similarity, image_similarity, word_similarity
from distillab.defenses.nt import NastyObjective, NastySpec
from distillab.specs.base import PASSING
from distillab.training.objective import Objective, Task, Terms

FLAT = 1e-6
"""Norm of centered values below which they count as constant: what is left is rounding."""


class SemanticNastyTeacher(NastySpec):
    """A reconstruction: NT's loss plus ``lambda rho``, ``rho`` the correlation of wrong logits with class similarity.

    The publication's text and code were not found. Known are its aim, to take semantic relations between classes
    out of the logits; its word vectors, fastText's; and lambda = 0.2. Without a file of vectors, classes are alike
    whose mean training images are.
    """

    name: Literal["snt"] = "snt"
    label: ClassVar[str] = "SNT"
    paper: ClassVar[str] = "Wang, Li & Li, ICIP 2022"
    grade: ClassVar[str] = "R"

    similarity_weight: Factor = Field(default=0.2, ge=0, description="lambda, the weight of the correlation")
    vectors: Path | None = Field(
        default=None,
        description="Vectors of the class names in word2vec's text format, rows in class order; mean images if absent",
        json_schema_extra=PASSING,
    )
    vectors_sha256: str = Field(default="", description="SHA-256 of the file of vectors, which belongs to the result")

    @model_validator(mode="after")
    def _vectors_are_declared(self) -> Self:
        if self.vectors is None and self.vectors_sha256:
            raise ValueError("vectors_sha256 needs vectors, the file that it is of")
        if self.vectors is not None and not self.vectors_sha256:
            known = f": {hashlib.sha256(self.vectors.read_bytes()).hexdigest()}" if self.vectors.is_file() else ""
            raise ValueError(f"vectors needs vectors_sha256{known}")
        return self

    def objective(self, task: Task) -> Objective:
        """The nasty teacher's terms and the correlation.

        Raises:
            SpecError: the file of word vectors does not fit.
        """
        if self.vectors is None:
            similarity = image_similarity(task)
        else:
            similarity = word_similarity(self.vectors, sha256=self.vectors_sha256, classes=task.classes)
        return SemanticNastyObjective(self, task.needed["ce"], similarity)


class SemanticNastyObjective(NastyObjective):
    """Right labels, misleading outputs, and wrong classes that are likely where they are unlike the right one."""

    def __init__(self, spec: SemanticNastyTeacher, ordinary: nn.Module, similarity: Similarity) -> None:
        super().__init__(spec, ordinary)
        self.similarity_weight = spec.similarity_weight
        self.similarity = similarity.float()

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Three terms, ``cross_entropy``, ``kl`` and ``similarity``."""
        logits = model(batch.x)
        self.similarity = self.similarity.to(logits.device)
        correlation = similarity_correlation(logits, batch.y, self.similarity)
        return self.terms_at(logits, batch) | {"similarity": self.similarity_weight * correlation}


def similarity_correlation(logits: Logits, labels: Labels, similarity: Similarity) -> PerExample:
    """Pearson correlation over the wrong classes ``j != y`` of ``ln r_j`` and ``S_yj``, in [-1, 1].

    ``r`` is the softened distribution over the wrong classes. Its logs are the logits up to scale and shift, which no
    correlation sees, so that the temperature cancels. 0 where either is constant.

    Reference: reconstruction in methods section 2.4.
    """
    others = _wrong_classes(labels, logits.shape[1])
    z, z_norm = _centered(logits.gather(1, others))
    s, s_norm = _centered(similarity[labels].gather(1, others).to(logits.dtype))
    defined = (z_norm > FLAT) & (s_norm > FLAT)
    correlation = (z * s).sum(1) / (z_norm.clamp_min(FLAT) * s_norm.clamp_min(FLAT))
    return correlation.where(defined, 0.0)


def _wrong_classes(labels: Labels, k: int) -> Int[Tensor, "n others"]:
    """The classes other than each label, in ascending order."""
    first = torch.arange(k - 1, device=labels.device)
    return first + (first >= labels[:, None])


def _centered(values: Float[Tensor, "n m"]) -> tuple[Float[Tensor, "n m"], PerExample]:
    centered = values - values.mean(1, keepdim=True)
    return centered, torch.linalg.vector_norm(centered, dim=1)
