"""Adversarial attacks: one file each, and one line here."""

from distillab.attacks.autoattack import AutoAttack
from distillab.attacks.bim import BIM
from distillab.attacks.carlini_wagner_l0 import CarliniWagnerL0
from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.attacks.carlini_wagner_linf import CarliniWagnerLinf
from distillab.attacks.deepfool import DeepFool
from distillab.attacks.fgsm import FGSM
from distillab.attacks.jsma import JSMA
from distillab.attacks.lbfgs import LBFGS
from distillab.attacks.pgd import PGD
from distillab.core.registry import Registry
from distillab.specs.attack import AttackSpec

ATTACKS: Registry[AttackSpec] = Registry(
    "attack",
    FGSM,
    BIM,
    PGD,
    CarliniWagnerL2,
    CarliniWagnerL0,
    CarliniWagnerLinf,
    DeepFool,
    JSMA,
    LBFGS,
    AutoAttack,
)
