"""Flat CMIM: concentrated outputs whose centroids say nothing about the wrong classes."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.core.bounds import Factor
from distillab.defenses.cmim import CMIMSpec


class FlatCMIM(CMIMSpec):
    """CMIM plus ``mu sum_y P(y) mean_a KL(u, offdiag(s_{y,a}))``: the mass off the label is spread evenly.

    Concentrated outputs still teach which classes resemble one another, through their centroids; this takes that away
    and leaves the confidence free. A design of this project, not of a paper.
    """

    name: Literal["cmim_flat"] = "cmim_flat"
    label: ClassVar[str] = "CMIM flat"
    paper: ClassVar[str] = "distillab"
    grade: ClassVar[str] = "R"

    flatten: Factor = Field(
        default=0.1, ge=0, description="mu, the weight of the centroids' unevenness over wrong classes"
    )
