"""From a spec to a network that takes [0, 1] images."""

from torch import nn

from distillab.core.errors import SpecError
from distillab.core.generators import forked
from distillab.core.registry import name_of
from distillab.models.normalize import FixedInputSpec, normalized
from distillab.specs.model import Domain, ImageShape, ModelSpec


def build_model(spec: ModelSpec, domain: Domain, *, seed: int) -> nn.Module:
    """An initialized network on the CPU, in training mode, from images (n, *shape) in [0, 1] to logits (n, classes).

    A pure function of its arguments: the weights come from the stream ("init") of ``seed``, and the global
    generators are left as they were. Networks whose publication fixes the normalization (``FixedInputSpec``) ignore
    the data set's statistics.

    Raises:
        SpecError: the images do not fit the architecture, or the statistics do not fit the images.
    """
    _refuse_misfit(spec, domain.shape)
    shape, mean, std = domain.shape, domain.mean, domain.std
    if isinstance(spec, FixedInputSpec):
        mean, std = (spec.pixel_mean,) * shape[0], (spec.pixel_std,) * shape[0]
    if len(mean) != shape[0]:
        raise SpecError("statistics do not fit the images", expected=f"{shape[0]} channels", got=f"{len(mean)}")
    with forked(seed, "init"):
        network = spec.build(shape, domain.classes)
    return normalized(network, mean, std)


def _refuse_misfit(spec: ModelSpec, shape: ImageShape) -> None:
    if expected := spec.misfit(shape):
        raise SpecError(
            "the network does not take these images",
            where=name_of(type(spec)),
            expected=expected,
            got="x".join(str(size) for size in shape),
            do="choose another network or data set",
        )
