"""Which tensor is which: torchvision's networks by name, foreign names by place, and refusals where it is not known."""

import pytest
import torch

from distillab.core.errors import SpecError
from distillab.core.torchvision_compat import import_torchvision
from distillab.models import MODELS
from distillab.models.matching import match


def shapes(network):
    return {n: tuple(t.shape) for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")}


def ours(name, classes=10, shape=(3, 64, 64), **options):
    with torch.device("meta"):
        return shapes(MODELS.parse({"name": name} | options).build(shape, classes))


def torchvisions(name):
    """As safetensors lists it: in alphabetical order."""
    import_torchvision()
    import torchvision.models

    with torch.device("meta"):
        return dict(sorted(shapes(getattr(torchvision.models, name)(weights=None, num_classes=10)).items()))


def norm(layer):
    return {f"{layer}.{part}": (4,) for part in ("weight", "bias", "running_mean", "running_var")}


def convolution(layer, c_out=4, c_in=4):
    return {f"{layer}.weight": (c_out, c_in, 3, 3)}


NET = convolution("conv1", 4, 3) | norm("bn1") | convolution("conv2") | norm("bn2") | {"fc.weight": (9, 4)}


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "resnext50", "vgg11_bn", "densenet121", "shufflenet_v2", "mobilenet_v2"]
)
def test_bare_torchvision_files_are_matched_by_name(name):
    factory = {"resnext50": "resnext50_32x4d", "shufflenet_v2": "shufflenet_v2_x1_0"}.get(name, name)
    found = match(ours(name, stem="imagenet"), torchvisions(factory), "f")
    assert found.by == "name"
    assert all(one == other for one, other in found.names.items())


@pytest.mark.parametrize(
    ("name", "factory", "says"),
    [
        (
            "resnet18",
            "resnet18",
            r"expected \(64, 3, 3, 3\) for conv1.weight; got \(64, 3, 7, 7\) in conv1.weight; choose",
        ),
        ("vgg11_bn", "vgg11_bn", r"\(4096, 512\) for classifier.0.weight; got \(4096, 25088\) in classifier.0.weight"),
        ("resnet18", "resnet34", "expected 102 tensors; got 182, layer1.2.bn1.bias among them"),
        (
            "squeezenet",
            "squeezenet1_1",
            r"expected \(96, 3, 3, 3\) for 0.weight; got \(10, 512, 1, 1\) in classifier.1.weight; choose",
        ),
    ],
)
def test_other_architectures_are_refused_by_the_first_tensor(name, factory, says):
    with pytest.raises(SpecError, match=f"f: the file holds another network; .*{says}"):
        match(ours(name), torchvisions(factory), "f")


def test_parts_of_a_layer_are_matched_by_name_in_any_order():
    theirs = {name.replace("bn", "norm"): shape for name, shape in NET.items()}
    turned = {name: theirs[name] for name in sorted(theirs, key=lambda n: (n.split(".")[0], n))}
    order = ["conv1", "norm1", "conv2", "norm2", "fc"]
    turned = {n: s for layer in order for n, s in reversed(turned.items()) if n.startswith(layer)}
    found = match(NET, turned, "f")
    assert found.by == "place and shape"
    assert found.names == {name: name.replace("bn", "norm") for name in NET}
    assert found.layers["bn2"] == "norm2"


def test_numbers_order_what_a_file_has_sorted():
    ours = {f"{i}.{part}": shape for i in range(12) for part, shape in (("weight", (4, 4)), ("bias", (4,)))}
    theirs = dict(sorted((f"body.{n.split('.')[0]}.lin.{n.split('.')[1]}", shape) for n, shape in ours.items()))
    assert list(theirs)[2] == "body.1.lin.bias"
    assert list(theirs)[4] == "body.10.lin.bias"
    found = match(ours, theirs, "f")
    assert all(other.split(".")[1] == one.split(".")[0] for one, other in found.names.items())


def test_layers_of_their_own_shapes_need_no_order():
    ours = {"0.weight": (4, 3), "1.weight": (5, 4), "2.weight": (2, 5)}
    theirs = {"a.weight": (2, 5), "stem.weight": (4, 3), "trunk.weight": (5, 4)}
    assert match(ours, theirs, "f").layers == {"0": "stem", "1": "trunk", "2": "a"}


@pytest.mark.parametrize(
    "theirs",
    [
        {"first.weight": (4, 4), "second.weight": (4, 4)},
        {"layer2.weight": (4, 4), "layer1.weight": (4, 4)},
        {"1.weight": (4, 4), "0.weight": (4, 4)},
    ],
    ids=["sorted words", "against the numbers", "against the numbers alone"],
)
def test_alike_layers_whose_order_is_not_known_are_refused(theirs):
    with pytest.raises(SpecError, match=r"the order of the file's layers is not known; .*, which could change places"):
        match({"a.weight": (4, 4), "b.weight": (4, 4)}, theirs, "f")


def test_a_name_of_ours_in_another_place_is_refused():
    theirs = convolution("conv1", 4, 3) | norm("bn2") | convolution("conv2") | norm("batch") | {"fc.weight": (9, 4)}
    with pytest.raises(SpecError, match=r"not known; .*; got bn2.weight and batch.weight"):
        match(NET, theirs, "f")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (convolution("conv1", 4, 1), "expected 3 input channels; got 1 input channels: (4, 1, 3, 3) in conv1.weight"),
        ({"fc.weight": (100, 4)}, "expected 9 classes; got 100 classes: (100, 4) in fc.weight; choose its data set"),
        ({"bn1.weight": (5,)}, "expected (4,) for bn1.weight; got (5,) in bn1.weight; choose its architecture"),
        ({"conv2.bias": (4,)}, "expected 11 tensors; got 12, conv2.bias among them"),
        ({"more.weight": ()}, "expected 11 tensors; got 12, more.weight among them"),
    ],
)
def test_channels_classes_and_the_first_tensor_are_named(change, says):
    with pytest.raises(SpecError) as error:
        match(NET, NET | change, "f")
    assert says in str(error.value)


def test_a_missing_tensor_and_a_part_too_many_are_named():
    lacking = {name: shape for name, shape in NET.items() if name != "bn2.running_mean"}
    with pytest.raises(SpecError, match=r"expected \(4,\) for bn2.running_mean; got no such tensor"):
        match(NET, lacking, "f")
    with pytest.raises(SpecError, match="expected weight in a; got weight, gain in x"):
        match({"a.weight": (2,)}, {"x.weight": (2,), "x.gain": (2,)}, "f")
