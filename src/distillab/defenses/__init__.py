"""Defenses of a teacher: one file each, one line here."""

from distillab.core.registry import Registry
from distillab.defenses.ce import CrossEntropyDefense
from distillab.defenses.ls import LabelSmoothingDefense
from distillab.specs.defense import DefenseSpec

DEFENSES: Registry[DefenseSpec] = Registry(
    "defense",
    CrossEntropyDefense,
    LabelSmoothingDefense,
)
