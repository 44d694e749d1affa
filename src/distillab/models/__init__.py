"""Networks: one architecture family a file, from images in [0, 1] to logits."""

from distillab.core.registry import Registry
from distillab.models.cnn_digits import CNNDigits
from distillab.models.densenet import DenseNet121
from distillab.models.madry import MadryMNIST, MadryWRN
from distillab.models.mlp import MLP
from distillab.models.mobilenet import MobileNet
from distillab.models.mobilenet_v2 import MobileNetV2
from distillab.models.narrow_resnet import ResNet18Narrow
from distillab.models.papernot import PapernotCIFAR, PapernotDigits, PapernotMNIST, SmallCNN
from distillab.models.plain_cnn import PlainCNN
from distillab.models.preresnet import ResNet20, ResNet32, ResNet56
from distillab.models.resnet import ResNet18, ResNet34, ResNet50, ResNet101, ResNet152, ResNeXt50
from distillab.models.resnext29 import ResNeXt29
from distillab.models.shufflenet_v2 import ShuffleNetV2
from distillab.models.squeezenet import SqueezeNet
from distillab.models.vgg import VGG11, VGG16
from distillab.models.vgg8 import VGG8
from distillab.models.wide_resnet import WRN3410
from distillab.models.wong import WongHAR, WongLarge, WongResNet, WongSmall, WongWide
from distillab.models.xception import Xception
from distillab.specs.model import ModelSpec

MODELS: Registry[ModelSpec] = Registry(
    "model",
    PapernotDigits,
    CNNDigits,
    MLP,
    PapernotMNIST,
    PapernotCIFAR,
    SmallCNN,
    WongHAR,
    WongSmall,
    WongWide,
    WongLarge,
    WongResNet,
    MadryMNIST,
    MadryWRN,
    WRN3410,
    PlainCNN,
    ResNet20,
    ResNet32,
    ResNet56,
    ResNet18Narrow,
    ResNeXt29,
    VGG8,
    VGG11,
    VGG16,
    ResNet18,
    ResNet34,
    ResNet50,
    ResNet101,
    ResNet152,
    ResNeXt50,
    ShuffleNetV2,
    MobileNet,
    MobileNetV2,
    SqueezeNet,
    Xception,
    DenseNet121,
)
"""Every network that a study can name."""
