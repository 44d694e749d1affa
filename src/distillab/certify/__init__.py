"""Certifiers: sound bounds of a network's margins over balls of perturbations.

One is a file and a line: here, or in ``combined``, where `best` also asks it.
"""

from distillab.certify.best import Best
from distillab.certify.combined import COMBINED
from distillab.certify.milp import MILP
from distillab.certify.projections import Projections
from distillab.core.registry import Registry
from distillab.specs.certifier import CertifierSpec, EstimatorSpec

CERTIFIERS: Registry[CertifierSpec] = Registry("certifier", *COMBINED, MILP, Best)
"""Every bound that a table of certified accuracies may contain, the cheapest first."""

ESTIMATORS: Registry[EstimatorSpec] = Registry("estimator", Projections)
"""Estimates of bounds, for training only."""
