"""Adversarial attacks: one file each, and one line here."""

from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.attacks.pgd import PGD
from distillab.core.registry import Registry
from distillab.specs.attack import AttackSpec

ATTACKS: Registry[AttackSpec] = Registry("attack", PGD, CarliniWagnerL2)
