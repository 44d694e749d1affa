"""Certifiers: sound bounds of a network's margins over balls of perturbations, one file each, and one line here."""

from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.best import Best
from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.projections import Projections
from distillab.core.registry import Registry
from distillab.specs.certifier import CertifierSpec, EstimatorSpec

CERTIFIERS: Registry[CertifierSpec] = Registry("certifier", IBP, Dual, CROWN, AlphaCROWN, LP, MILP, Best)
"""Every bound that a table of certified accuracies may contain."""

ESTIMATORS: Registry[EstimatorSpec] = Registry("estimator", Projections)
"""Estimates of bounds, for training only."""
