"""Training through the dual bound of the convex outer polytope: nothing in the ball gets past the worst logits."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from distillab.certify.dual import BOUNDS, Dual
from distillab.certify.graph import Graph
from distillab.certify.ibp import IBP
from distillab.certify.projections import Projections
from distillab.core.bounds import Epochs, Units
from distillab.core.shapes import Images, Labels, Logits
from distillab.defenses.certified_training import CertifiedTrainingSpec, Moment, RadiusStart
from distillab.specs.as_published import AsPublished, Settings, settled

ONLY_THE_DUAL: dict[str, object] = {"interval_epochs": 0, "clean_weight": 0.0, "clean_weight_start": 0.0}
"""The papers train nothing but their bound, from the first batch on."""

TRAININGS: Settings = {
    "wong-kolter": {**BOUNDS["wong-kolter"], **ONLY_THE_DUAL, "projections": None},
    "scaling": {**BOUNDS["scaling"], **ONLY_THE_DUAL},
}


class WongKolter(CertifiedTrainingSpec):
    """``H(y, f)`` with ``f_j = -J(e_y - e_j)``, J the dual bound; gradients go through the bounds of all layers.

    The cost of an exact step grows with the units that the ball leaves unstable: training itself makes them few, and
    a start by ``interval_epochs`` gets there at a tenth of the cost. ``projections`` estimates all norms from as many
    random directions, at a cost that does not grow; what is certified later is exact whatever the training was.

    Reference: Wong & Kolter 2018, equation 14 and section 5; projections, cascades: Wong et al. 2018, sections 3.2
    and 3.3. Clean images have no weight in either.
    """

    name: Literal["wong_kolter"] = "wong_kolter"
    label: ClassVar[str] = "Wong-Kolter"
    paper: ClassVar[str] = "Wong & Kolter, ICML 2018"

    eps_start: RadiusStart = 0.01
    projections: Units | None = Field(
        default=None, ge=1, description="Random directions of the training's estimates, an odd number; exact if absent"
    )

    intersect: bool = Field(
        default=True, description="Intersect the layers' exact bounds with intervals; projections never do"
    )
    as_published: AsPublished = None

    interval_epochs: Epochs = Field(
        default=0, ge=0, description="First epochs, in which intervals bound the margins; 0 in the papers' rows"
    )

    @model_validator(mode="before")
    @classmethod
    def _as_published(cls, given: Any) -> Any:  # noqa: ANN401 - what a user wrote
        return settled(given, TRAININGS)

    @model_validator(mode="after")
    def _has_a_median(self) -> Self:
        if self.projections is not None and self.projections % 2 == 0:
            raise ValueError(f"projections: expected an odd number, whose median is unbiased; got {self.projections}")
        if self.projections is not None and self.norm not in Projections.norms:
            raise ValueError(f"projections: expected norm {' or '.join(Projections.norms)}; got {self.norm!r}")
        return self

    @property
    def display_name(self) -> str:
        """Projected training says so."""
        return f"{self.label} projected" if self.projections else self.label

    @property
    def certifier(self) -> Dual:
        """The exact dual."""
        return Dual(norm=self.norm, input_box=self.input_box, intersect=self.intersect)

    @property
    def filtered_by(self) -> Dual:
        """The bound that is trained."""
        return self.certifier

    def margins(self, graph: Graph, x: Images, y: Labels, at: Moment) -> Logits:
        """Margins by the dual, exact or estimated; by intervals at first, where that was asked for."""
        eps = self.eps_at(at.share)
        if at.epochs < self.interval_epochs:
            return IBP(norm=self.norm, input_box=self.input_box).margins(graph, x, y, eps)
        if self.projections is None:
            return self.certifier.margins(graph, x, y, eps)
        estimator = Projections(norm=self.norm, input_box=self.input_box, directions=self.projections)
        return estimator.estimates(graph, x, y, eps, seed=at.seed)
