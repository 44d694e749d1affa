"""Data sets: one file each, from raw files to integer pixels, and from there to batches in [0, 1]."""

from distillab.core.registry import Registry
from distillab.data.cifar10 import CIFAR10Spec
from distillab.data.cifar100 import CIFAR100Spec
from distillab.data.digits import DigitsSpec
from distillab.data.fashion_mnist import FashionMNISTSpec
from distillab.data.har import HARSpec
from distillab.data.image_folder import ImageFolderSpec
from distillab.data.imagenet import ImageNetSpec
from distillab.data.labeled_images import LabeledImagesSpec
from distillab.data.mnist import MNISTSpec
from distillab.data.svhn import SVHNSpec
from distillab.data.synthetic import SyntheticSpec
from distillab.data.tiny_imagenet import TinyImageNetSpec
from distillab.specs.data import DataSpec

DATASETS: Registry[DataSpec] = Registry(
    "data set",
    DigitsSpec,
    MNISTSpec,
    FashionMNISTSpec,
    CIFAR10Spec,
    CIFAR100Spec,
    SVHNSpec,
    HARSpec,
    TinyImageNetSpec,
    ImageNetSpec,
    ImageFolderSpec,
    LabeledImagesSpec,
    SyntheticSpec,
)
