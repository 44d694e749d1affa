"""Knockoff attacks: one file each, one line here."""

from distillab.core.registry import Registry
from distillab.knockoff.argmax import Argmax
from distillab.knockoff.avg import AVG
from distillab.knockoff.dist import DIST
from distillab.knockoff.dkd import DKD
from distillab.knockoff.htc import HTC
from distillab.knockoff.kd import KD
from distillab.knockoff.knockoff_adaptive import KnockoffAdaptive
from distillab.knockoff.knockoff_nets import KnockoffRandom
from distillab.knockoff.mkd import MKD
from distillab.knockoff.scm import SCM
from distillab.specs.knockoff import KnockoffSpec

KNOCKOFFS: Registry[KnockoffSpec] = Registry(
    "knockoff attack",
    KD,
    MKD,
    DKD,
    DIST,
    HTC,
    AVG,
    KnockoffRandom,
    SCM,
    KnockoffAdaptive,
    Argmax,
)
