"""The exact minimum, by mixed-integer programming."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from distillab.certify.ball import ball_of
from distillab.certify.bounds import LayerBounds, unstable_units
from distillab.certify.expressions import expressions
from distillab.certify.graph import Graph
from distillab.certify.program import Program
from distillab.core.bounds import Units
from distillab.core.errors import SpecError
from distillab.core.shapes import Images, Labels, Logits, PerExample
from distillab.specs.certifier import CertifierSpec


class MILP(CertifierSpec):
    """The smallest margin of any image in the ball, up to the solver's tolerance; exponential in the unstable units.

    Reference: Tjeng et al. 2019, section 4.1; the solver is HiGHS.
    """

    name: Literal["milp"] = "milp"
    most_unstable: Units = Field(default=60, ge=0, description="Most unstable units of an image that is tried")

    norms: ClassVar = ("linf", "l1")
    paper: ClassVar = "Tjeng et al., ICLR 2019"
    label: ClassVar = "MILP (exact)"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """The programs' minima; without gradients.

        Raises:
            SpecError: an image has more unstable units than may be tried.
        """
        ball = ball_of(self, x, eps)
        with torch.no_grad():
            bounds = LayerBounds(("parallel", "adaptive")).of(graph, ball)
            self._refuse_hard(unstable_units(bounds, ball))
        known, found = expressions(graph, x), []
        for image in range(len(y)):
            program = Program(graph, ball.take(torch.tensor([image])), known, exact=True)
            program.add_layers(bounds, image)
            found.append(torch.from_numpy(program.margins(int(y[image]))))
        return torch.stack(found).to(x)

    def _refuse_hard(self, unstable: Tensor) -> None:
        most = int(unstable.max())
        if most > self.most_unstable:
            raise SpecError(
                "an image has too many unstable units",
                where=self.name,
                expected=f"at most {self.most_unstable}",
                got=str(most),
                do="use lp, or a smaller radius",
            )
