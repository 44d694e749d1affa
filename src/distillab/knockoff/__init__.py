"""Knockoff attacks: one file each, one line here."""

from distillab.core.registry import Registry
from distillab.knockoff.kd import KD
from distillab.specs.knockoff import KnockoffSpec

KNOCKOFFS: Registry[KnockoffSpec] = Registry(
    "knockoff attack",
    KD,
)
