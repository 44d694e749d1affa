"""Where on a GPU products are rounded: in forward and backward passes of `tf32` recipes, and in no look beside them."""

import pytest
import torch
from pretended import pretended_gpu
from torch import nn

from distillab.core.generators import forked
from distillab.data.dataset import ResidentImages
from distillab.models.normalize import normalized
from distillab.specs.augment import AugmentSpec
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.supervised import CrossEntropyObjective


class Noted(torch.autograd.Function):
    """The identity, which notes torch's switches in both passes."""

    @staticmethod
    def forward(ctx, x, seen):
        ctx.seen = seen
        seen.append(("forward", torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        ctx.seen.append(("backward", torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return grad, None


class Watched(nn.Module):
    """A layer that notes what its passes may do."""

    def __init__(self):
        super().__init__()
        self.seen, self.layer = [], nn.Linear(16, 4)

    def forward(self, x):
        return self.layer(Noted.apply(x.flatten(1), self.seen))


class Looked(CrossEntropyObjective):
    """Looks at the network beside the step, as the end of an epoch and bounds do."""

    def diagnostics(self, model):
        seen.append((torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return super().diagnostics(model)


seen = []


pytestmark = pytest.mark.usefixtures("strict_products")


@pytest.mark.parametrize("precision", ["float32", "tf32"])
def test_steps_are_rounded_and_looks_are_not(precision):
    seen.clear()
    with forked(1, "init"):
        watched = Watched()
    pixels = torch.randint(0, 256, (16, 1, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    with pretended_gpu():
        network = normalized(nn.Sequential(nn.Conv2d(1, 1, 1), watched), (0.5,), (0.3,)).to("cuda")
        images = ResidentImages(pixels, torch.arange(16) % 4, levels=255).to("cuda")
        recipe = TrainSpec(epochs=1, batch_size=8, optimizer=SGDSpec(lr=0.01), precision=precision)
        fit(network, images, torch.arange(16), Looked(), spec=recipe, augment=AugmentSpec(), seed=1)
    rounds = precision == "tf32"
    assert seen == [(False, False)]
    assert not torch.backends.cuda.matmul.allow_tf32
    assert watched.seen == [(way, rounds, rounds) for _ in range(2) for way in ("forward", "backward")]
