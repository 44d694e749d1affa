"""Defenses of a teacher: one file each, one line here."""

from distillab.core.registry import Registry
from distillab.defenses.anchored_cmim import AnchoredCMIM
from distillab.defenses.apgp import GenerativePerturbation
from distillab.defenses.ast import AdversarialSparseTeacher
from distillab.defenses.ce import CrossEntropyDefense
from distillab.defenses.cmim import CMIM
from distillab.defenses.cmim_flat import FlatCMIM
from distillab.defenses.crown_ibp import CROWNIBP
from distillab.defenses.ibp_training import IBPTraining
from distillab.defenses.label_only import LabelOnly
from distillab.defenses.ls import LabelSmoothingDefense
from distillab.defenses.mad import MaximizingAngularDeviation
from distillab.defenses.madry import Madry
from distillab.defenses.nt import NastyTeacher
from distillab.defenses.rsp import ReverseSigmoid
from distillab.defenses.snt import SemanticNastyTeacher
from distillab.defenses.st import StingyTeacher
from distillab.defenses.trades import Trades
from distillab.defenses.wong_kolter import WongKolter
from distillab.specs.defense import PostHocDefense, TrainedDefense

DEFENSES: Registry[TrainedDefense | PostHocDefense] = Registry(
    "defense",
    CrossEntropyDefense,
    LabelSmoothingDefense,
    NastyTeacher,
    SemanticNastyTeacher,
    StingyTeacher,
    ReverseSigmoid,
    MaximizingAngularDeviation,
    GenerativePerturbation,
    LabelOnly,
    CMIM,
    FlatCMIM,
    AnchoredCMIM,
    AdversarialSparseTeacher,
    Madry,
    Trades,
    WongKolter,
    IBPTraining,
    CROWNIBP,
)
