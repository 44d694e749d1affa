"""What a thief holds and is told: labels, the images it asks about, and what an answer shows."""

from typing import Annotated, Literal

from pydantic import Field

from distillab.core.bounds import ClassCount, ImageCount
from distillab.specs.base import Spec

OTHER_IMAGES = "other_images"
"""Role of another data set, whose images a thief asks about, among a member's parents."""

LABELER = "labeler"
"""Role of the LS student that names the unlabeled images, among a pseudo-labeled student's parents."""


class ShareOfImages(Spec):
    """The labeled images, and of all training images a share that is drawn without their labels."""

    share: float = Field(gt=0, le=1, description="Share of the training images")

    def count(self, images: int) -> int:
        """How many of ``images``, at least one."""
        return max(1, round(self.share * images))


class TopClasses(Spec):
    """The probabilities of the likeliest classes alone; the thief spreads what is left evenly over the others."""

    top: ClassCount = Field(ge=1, description="Classes whose probabilities an answer shows")


class RoundedProbabilities(Spec):
    """Probabilities to some decimal digits; the thief rescales them to sum to 1."""

    rounded: int = Field(ge=0, le=6, description="Decimal digits of a probability")


AnswerForm = Literal["probabilities", "label"] | TopClasses | RoundedProbabilities
"""What an answer shows; ``label`` is the likeliest class and nothing else."""


class Means(Spec):
    """A thief ``(n, queries, answers)``; the defaults are the papers' thief.

    Reference: methods, thieves 2.
    """

    labels: Literal["all"] | Annotated[ImageCount, Field(ge=1)] = Field(
        default="all", description="Labeled images; a number of them is drawn by the seed, smaller ones within larger"
    )
    queries: Literal["labeled", "all", "none", "other_data"] | ShareOfImages = Field(
        default="labeled",
        description="Images the teacher is asked about: the labeled ones, all training images, `{share: 0.5}` of them, "
        "those of `data`, or none",
    )
    answers: AnswerForm = Field(
        default="probabilities",
        description="What an answer shows: probabilities, `{top: k}`, `{rounded: digits}`, or the label alone",
    )

    @property
    def holds_unlabeled(self) -> bool:
        """Whether some of the images that are asked about have no label."""
        return self.queries == "other_data" or (self.labels != "all" and self.queries not in ("labeled", "none"))

    @property
    def own(self) -> dict[str, object]:
        """What tells this thief's means from the papers' thief's; empty where nothing does."""
        chosen = self.model_copy(update={"queries": "labeled"}) if self._asks_all_labeled else self
        return chosen.model_dump(mode="json", include={*Means.model_fields}, exclude_defaults=True)

    @property
    def _asks_all_labeled(self) -> bool:
        return self.labels == "all" and self.queries not in ("none", "other_data")

    @property
    def asked_images(self) -> dict[str, object]:
        """What says which images are asked about; empty where it is every training image."""
        everything = self.queries == "all" or self._asks_all_labeled
        return {} if everything else self.model_dump(mode="json", include={"labels", "queries"}, exclude_defaults=True)
