"""Published parameter counts and map sizes, without memory for a weight: everything runs on the meta device."""

import pytest
import torch
from torch import nn

from distillab.models import MODELS
from distillab.models.count import parameter_count, planned_parameter_count
from distillab.models.madry import MadryWRN
from distillab.models.mlp import MLP

MNIST, CIFAR, TINY, IMAGENET = (1, 28, 28), (3, 32, 32), (3, 64, 64), (3, 224, 224)

ROBUSTNESS = [
    ("papernot_mnist", MNIST, 312_202),
    ("papernot_cifar", CIFAR, 1_147_978),
    ("small_cnn", MNIST, 312_202),
    ("wong_small", MNIST, 166_406),
    ("wong_small", CIFAR, 214_918),
    ("wong_wide", MNIST, 816_954),
    ("wong_wide", CIFAR, 1_063_226),
    ("wong_large", MNIST, 1_974_762),
    ("wong_large", CIFAR, 2_466_858),
    ("wong_resnet", CIFAR, 4_214_850),
    ("madry_mnist", MNIST, 3_274_634),
    ("wrn_34_10", CIFAR, 46_160_474),
]

CIFAR100 = {
    "vgg11_bn": 28_518_244,
    "vgg16_bn": 34_015_396,
    "resnet18": 11_220_132,
    "resnet34": 21_328_292,
    "resnet50": 23_705_252,
    "resnet101": 42_697_380,
    "resnet152": 58_341_028,
    "resnext50": 14_788_772,
    "shufflenet_v2": 1_360_896,
    "mobilenet": 3_315_428,
    "mobilenet_v2": 2_369_380,
    "squeezenet": 781_156,
    "xception": 21_013_988,
    "densenet121": 7_048_548,
}

STUDENTS = [
    ("resnet18", 10, 11_173_962),
    ("resnet50", 10, 23_520_842),
    ("resnet20", 10, 272_282),
    ("resnet32", 10, 466_714),
    ("resnet56", 10, 855_578),
    ("plain_cnn", 10, 357_514),
    ("shufflenet_v2", 10, 1_268_646),
    ("shufflenet_v2", 200, 1_463_396),
    ("mobilenet_v2", 10, 2_254_090),
    ("mobilenet_v2", 200, 2_497_480),
    ("resnext29", 10, 34_426_698),
    ("resnext29", 100, 34_518_948),
    ("resnext29", 200, 34_621_448),
]

TINY_IMAGENET = {
    "resnet18": 11_271_432,
    "resnet34": 21_379_592,
    "resnet50": 23_910_152,
    "shufflenet_v2": 1_463_396,
}

IMAGENET_STEM = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "mobilenet_v2": 3_504_872,
    "shufflenet_v2": 2_278_604,
    "resnext50": 25_028_904,
    "densenet121": 7_978_856,
}

LAST_MAPS = {
    "vgg11_bn": 1,
    "vgg16_bn": 1,
    **dict.fromkeys(["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50"], 4),
    **dict.fromkeys(["shufflenet_v2", "squeezenet", "xception", "densenet121"], 4),
    "mobilenet_v2": 5,
    "mobilenet": 2,
    **dict.fromkeys(["resnet20", "resnet32", "resnet56", "resnext29", "wrn_34_10", "madry_wrn"], 8),
    "plain_cnn": 4,
}


@pytest.mark.parametrize(("name", "shape", "count"), ROBUSTNESS)
def test_robustness_networks_have_the_published_size(name, shape, count):
    assert planned_parameter_count(MODELS[name](), shape, 10) == count


@pytest.mark.parametrize(("name", "count"), CIFAR100.items())
def test_cifar100_networks_have_the_published_size(name, count):
    assert planned_parameter_count(MODELS[name](), CIFAR, 100) == count


@pytest.mark.parametrize(
    ("widths", "shape", "classes", "count"),
    [
        ((64,), MNIST, 10, 784 * 64 + 64 + 64 * 10 + 10),
        ((3, 5), (2, 5, 9), 257, (90 * 3 + 3) + (3 * 5 + 5) + (5 * 257 + 257)),
        ((4,), (1, 1, 1), 2, (4 + 4) + (4 * 2 + 2)),
    ],
)
def test_a_dense_network_has_the_size_of_its_layers(widths, shape, classes, count):
    assert planned_parameter_count(MLP(widths=widths), shape, classes) == count


def test_the_network_of_har_has_one_hidden_layer():
    assert planned_parameter_count(MODELS["wong_har"](), (1, 1, 561), 6) == 561 * 500 + 500 + 500 * 6 + 6 == 284_006


@pytest.mark.parametrize(("name", "classes", "count"), STUDENTS)
def test_nasty_teacher_networks_have_the_published_size(name, classes, count):
    assert planned_parameter_count(MODELS[name](), CIFAR, classes) == count


@pytest.mark.parametrize(("name", "count"), TINY_IMAGENET.items())
def test_tiny_imagenet_networks_have_the_published_size(name, count):
    assert planned_parameter_count(MODELS[name](), TINY, 200) == count


@pytest.mark.parametrize(("name", "count"), IMAGENET_STEM.items())
def test_the_imagenet_stem_is_the_unmodified_network(name, count):
    assert planned_parameter_count(MODELS[name](stem="imagenet"), IMAGENET, 1000) == count


def test_madry_wide_resnet_has_the_size_of_its_layers():
    def unit(c_in, c_out):
        return 9 * c_in * c_out + 9 * c_out**2 + 2 * (c_in + c_out)

    def network(first, middle, last):
        stages = unit(16, first) + unit(first, middle) + unit(middle, last)
        stages += 4 * sum(unit(width, width) for width in (first, middle, last))
        return 9 * 3 * 16 + stages + 2 * last + 10 * last + 10

    assert planned_parameter_count(MadryWRN(), CIFAR, 10) == network(160, 320, 640)
    assert planned_parameter_count(MadryWRN(widths="simple"), CIFAR, 10) == network(16, 32, 64)


@pytest.mark.parametrize(("name", "size"), LAST_MAPS.items())
def test_the_last_map_of_a_32x32_image(name, size):
    with torch.device("meta"):
        network = MODELS[name]().build(CIFAR, 10).eval()
        maps = []
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
                layer.register_forward_hook(lambda _layer, _x, y: maps.append(y))
        network(torch.empty(2, *CIFAR))
    assert maps[-1].shape[2:] == (size, size)


@pytest.mark.parametrize(
    ("name", "shape", "units"),
    [
        ("wong_small", MNIST, 4_804),
        ("wong_small", CIFAR, 6_244),
        ("wong_wide", MNIST, 5_216),
        ("wong_large", MNIST, 48_064),
        ("wong_large", CIFAR, 62_464),
        ("wong_resnet", CIFAR, 107_496),
    ],
)
def test_wong_networks_have_the_published_relu_units(name, shape, units):
    with torch.device("meta"):
        network = MODELS[name]().build(shape, 10)
        calls = []
        for layer in network.modules():
            if isinstance(layer, nn.ReLU):
                layer.register_forward_hook(lambda layer, _x, y: calls.append((layer, y.numel())))
        network(torch.empty(1, *shape))
    assert sum(count for _, count in calls) == units
    assert len({layer for layer, _ in calls}) == len(calls), "a certifier needs every activation used once"


def test_running_statistics_are_not_parameters():
    assert parameter_count(nn.BatchNorm2d(5)) == 10
