"""CROWN-IBP: margins by one backward sweep over interval bounds of the layers, and more and more by intervals alone."""

from typing import ClassVar, Literal

import torch
from pydantic import Field

from distillab.certify.activations import Slopes
from distillab.certify.ball import ball_of
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.graph import Graph
from distillab.certify.ibp import IBP
from distillab.core.shapes import Images, Labels, Logits
from distillab.defenses.certified_training import CertifiedTrainingSpec, Moment


class CROWNIBP(CertifiedTrainingSpec):
    """``H(y, -(beta m_CROWN + (1 - beta) m_IBP))``, beta from 1 to ``beta`` along the ramp.

    Interval bounds of the layers serve both margins. Sweeps keep early training stable, where intervals are loose;
    intervals cost less and, trained long enough, certify more. With ``beta: 1`` sweeps stay.

    Reference: Zhang et al. 2020, equation 11, with kappa = 0.
    """

    name: Literal["crown_ibp"] = "crown_ibp"
    label: ClassVar[str] = "CROWN-IBP"
    paper: ClassVar[str] = "Zhang et al., ICLR 2020"

    beta: float = Field(default=0.0, ge=0, le=1, description="Weight of CROWN's margins after the ramp, from 1 before")

    @property
    def certifier(self) -> IBP:
        """Intervals."""
        return IBP(norm=self.norm, input_box=self.input_box)

    def margins(self, graph: Graph, x: Images, y: Labels, at: Moment) -> Logits:
        """The mixture of both margins; only what has a weight is computed."""
        ball = ball_of(self.certifier, x, self.eps_at(at.share))
        bounds = LayerBounds().of(graph, ball)
        beta = 1 - (1 - self.beta) * at.share
        slopes: dict[Slopes, float] = {"adaptive": beta, "constant": 1 - beta}
        parts = [w * margins_under(graph, y, ball, bounds, slope) for slope, w in slopes.items() if w]
        return torch.stack(parts).sum(dim=0)
