import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.certify.activations import ReLU
from distillab.certify.ball import Ball
from distillab.certify.dual import Dual
from distillab.certify.trace import ACTIVATIONS, trace
from distillab.core.errors import SpecError
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.models.rescaled import rescaled
from distillab.specs.model import Domain


@pytest.mark.parametrize("name", ["dense", "conv", "residual", "pooled"])
def test_the_graph_computes_the_network(network, images, shape, name):
    net, x = network(name), images(5)
    assert torch.allclose(trace(net, shape)(x), net(x), atol=1e-12)


@pytest.mark.parametrize("name", ["wong_small", "wong_large", "wong_resnet", "resnet20", "resnet18"])
def test_this_projects_networks_are_understood(name):
    side = 12 if name.startswith("resnet") else 8
    net = build_model(MODELS.parse({"name": name}), Domain((3, side, side), 10, (0.4,) * 3, (0.3,) * 3), seed=0).eval()
    graph = trace(net, (3, side, side))
    x = torch.rand(2, 3, side, side)
    assert graph.classes == 10
    assert torch.allclose(graph(x), net(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["cnn_digits", "papernot_digits", "papernot_mnist", "papernot_cifar", "vgg8"])
def test_networks_with_max_pools_are_understood(name):
    spec = MODELS.parse({"name": name})
    shape = next(iter(getattr(spec, "shapes", ())), (3, 32, 32))
    pixels = ((0.4,) * shape[0], (0.3,) * shape[0])
    net = build_model(spec, Domain(shape, 10, *pixels), seed=0).eval()
    x = torch.rand(2, *shape)
    assert torch.allclose(trace(net, shape)(x), net(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pool", [F.max_pool2d, torch.max_pool2d])
def test_pools_may_be_functions(pool):
    class Pooling(nn.Module):
        def forward(self, x):
            return pool(x, 2, stride=1).flatten(1)

    x = torch.randn(2, 3, 4, 4).double()
    assert torch.equal(trace(Pooling(), (3, 4, 4))(x), F.max_pool2d(x, 2, 1).flatten(1))


def test_a_pool_function_with_padding_is_refused():
    class Padded(nn.Module):
        def forward(self, x):
            return F.max_pool2d(x, 2, padding=1).flatten(1)

    with pytest.raises(SpecError, match=r"certifiers do not know max_pool2d.*pools without padding"):
        trace(Padded(), (3, 4, 4))


def test_batch_normalization_folds_into_the_convolution_before_it(network, shape):
    operations = [type(node.op).__name__ for node in trace(network("residual"), shape).nodes]
    assert operations.count("Scale") == 1


def test_dividing_logits_keeps_their_margins_in_proportion(network, images, shape):
    net, x, y = network("conv"), images(2), torch.tensor([0, 1])
    whole, tenth = (Dual().margins(trace(rescaled(net, t), shape), x, y, 0.02) for t in (1.0, 10.0))
    assert torch.allclose(whole / 10, tenth, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.MaxPool2d(2, padding=1), r"^1\.0: certifiers do not know MaxPool2d.*padding=1.*expected convolutions"),
        (nn.MaxPool2d(2, ceil_mode=True), r"^1\.0: certifiers do not know MaxPool2d"),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), r"^1\.0: certifiers do not know Conv2d"),
        (nn.AdaptiveAvgPool2d(4), r"^1\.0: certifiers do not know AdaptiveAvgPool2d"),
        (nn.BatchNorm2d(4).train(), r"^BatchNorm2d at 1\.0: the layer is in training mode.*call eval"),
        (nn.Dropout(0.5).train(), r"^Dropout at 1\.0: the layer is in training mode"),
        (nn.GELU(), r"^1\.0: certifiers do not know GELU"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_unknown_layers_are_named_before_any_work(layer, message):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sequential(layer), nn.Flatten(), nn.Linear(4 * 6 * 6, 10))
    with pytest.raises(SpecError, match=message):
        trace(net, (1, 8, 8))


def test_an_unknown_function_is_named_with_its_module():
    class Squared(nn.Module):
        def forward(self, x):
            return x * x

    with pytest.raises(SpecError, match=r"1: certifiers do not know mul"):
        trace(nn.Sequential(nn.Flatten(), Squared()), (1, 2, 2))


def test_branches_on_values_are_refused():
    class Branching(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(SpecError, match="no fixed graph"):
        trace(Branching(), (4,))


def test_a_graph_that_computes_something_else_is_refused():
    class Odd(nn.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    class Trick(nn.Module):
        """Torch's own namespace makes a tracer take the layer for a dense one."""

        def __init__(self):
            super().__init__()
            self.layer = Odd(4, 2)
            Odd.__module__ = "torch.nn.odd"

        def forward(self, x):
            return self.layer(x)

    with pytest.raises(SpecError, match="not the network"):
        trace(Trick(), (4,))


@pytest.mark.parametrize("way", ["layer", "function", "argument", "sum", "view"])
def test_a_value_that_is_overwritten_and_read_again_is_refused(way):
    """Where it is not negative, as at a gray image, nothing tells the graph from the network."""

    class Shortcut(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.relu, self.flat = nn.BatchNorm2d(1), nn.ReLU(inplace=True), nn.Flatten()
            self.scale.running_mean.fill_(0.4)
            self.dense = nn.Linear(4, 2)

        def forward(self, x):
            x = self.scale(x)
            before = x
            if way == "layer":
                x = self.relu(x)
            elif way == "function":
                x = F.relu(x, inplace=True)
            elif way == "argument":
                x = F.relu(x, True)
            elif way == "sum":
                x += F.relu(x)
            else:
                return self.dense(self.relu(self.flat(x)) + self.flat(before))
            return self.dense(self.flat(x + before))

    # a tracer takes x += y for x + y: there the images that go through both tell
    told = "not the network" if way == "sum" else r"overwritten in place and read again.*inplace=False"
    with pytest.raises(SpecError, match=told):
        trace(Shortcut().eval(), (1, 2, 2))


def test_a_value_may_be_overwritten_after_it_was_read():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.dense = nn.ReLU(inplace=True), nn.Linear(4, 4)

        def forward(self, x):
            x = self.dense(x)
            x = self.relu(self.dense(x) + x)
            x += self.relu(self.dense(x))
            return x

    block, x = Block().double().eval(), torch.rand(5, 4).double()
    assert torch.allclose(trace(block, (4,))(x), block(x))


def test_a_graph_that_differs_where_pixels_are_dark_is_refused():
    class Odd(nn.ReLU):
        def forward(self, x):
            return super().forward(x) + super().forward(0.2 - x)

    class Trick(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Odd()
            Odd.__module__ = "torch.nn.odd"

        def forward(self, x):
            return self.layer(x)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ACTIVATIONS, Odd, ReLU())
        with pytest.raises(SpecError, match="not the network"):
            trace(Trick(), (4,))


@pytest.mark.parametrize("result", ["tuple", "constant", "parameter"])
def test_a_result_is_one_tensor_made_of_the_images(result):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.Parameter(torch.ones(1, 4))

        def forward(self, x):
            return {"tuple": (x, x), "constant": 3, "parameter": x + self.relu}[result]

    with pytest.raises(SpecError, match=r"not one tensor|certifiers do not know .* relu"):
        trace(Odd(), (4,))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused(dtype):
    with pytest.raises(SpecError, match=r"1\.weight: half precision.*expected float32 or float64"):
        trace(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).to(dtype), (1, 2, 2))


def test_logits_are_a_vector():
    with pytest.raises(SpecError, match="not a vector"):
        trace(nn.Sequential(nn.Conv2d(1, 2, 3)), (1, 8, 8))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_must_be_finite(bad):
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        net[1].weight[0, 0] = bad
    with pytest.raises(SpecError, match=r"1\.weight: weights are not finite"):
        trace(net, (1, 2, 2))


@pytest.mark.parametrize("eps", [-0.1, float("nan"), float("inf"), "8/255", True, None])
def test_radii_must_be_numbers(eps):
    with pytest.raises(SpecError, match=r"^eps: the radius"):
        Ball.around(torch.zeros(1, 4), eps, norm="linf")


@pytest.mark.parametrize("pixel", [-0.01, 1.01, float("nan")])
def test_pixels_must_be_in_range(pixel):
    with pytest.raises(SpecError, match=r"^x: pixels .* expected 0 to 1"):
        Ball.around(torch.full((1, 4), pixel), 0.1, norm="linf")
