"""Prove which images of any torch network no perturbation within a radius can turn."""

from dataclasses import dataclass

from torch import nn

from distillab.api.checks import require_device, require_pairs, require_several
from distillab.api.given import method_of
from distillab.api.settings import own_settings
from distillab.certify import CERTIFIERS
from distillab.certify.trace import trace
from distillab.core.shapes import Images, Labels, PerExample
from distillab.evaluate.run_certifier import CertificateTable, radii, run_certifier
from distillab.metrics.intervals import Estimate, wilson
from distillab.models.modes import frozen
from distillab.specs.certifier import CertifierSpec


@dataclass(frozen=True)
class CertifiedModel(CertificateTable):
    """What a certifier proved, image by image, on the CPU."""

    radius: PerExample | None
    """Largest radius in [0, eps] that was certified, in pixel units, 0 where none was; None where none was searched."""
    eps: float
    """Radius of the ball, in pixel units."""
    spec: CertifierSpec
    """The certifier with every parameter."""

    @property
    def clean_accuracy(self) -> Estimate:
        """Share of images that the model classifies correctly, in [0, 1], with its 95 % interval over images."""
        return wilson(int((self.predicted == self.label).sum()), len(self.label))

    @property
    def certified_accuracy(self) -> Estimate:
        """Share of all images that no perturbation within the radius turns from their label, with its interval."""
        return wilson(int(self.certified.sum()), len(self.certified))


@own_settings()
def certify_model(
    model: nn.Module,
    images: Images,
    labels: Labels,
    eps: float,
    method: str | CertifierSpec = "best",
    *,
    radius_steps: int = 0,
    **parameters: object,
) -> CertifiedModel:
    """Verdicts that hold for every perturbation within ``eps``, from sound bounds of the margins.

    Args:
        model: images (n, c, h, w) in [0, 1] to logits (n, k), of the layers that `distillab.certify.trace` knows; on
            the device of the images and in their precision (in float64 fewer bounds are lost to rounding).
        images: floating point (n, c, h, w) in [0, 1].
        labels: int64 (n,), classes from 0.
        eps: radius in pixel units.
        method: name of a certifier of `distillab.certify.CERTIFIERS`, e.g. ``ibp``, ``crown``, ``dual``, ``best``, or
            its spec.
        radius_steps: halvings of a search for each image's own radius; 0 searches none.
        parameters: of the certifier, e.g. ``norm`` of the ball: ``linf``, ``l2`` or ``l1``.

    Raises:
        SpecError: there is no such certifier or parameter, the network has a layer that certifiers do not know, or the
            radius is out of range.
        ContractError: these are no images or labels of the network.

    Reference: each certifier's class names its paper.
    """
    spec = method_of(CERTIFIERS, method, parameters, where="certify_model")
    require_pairs(images, labels, "images")
    require_device(labels, images, "labels")
    with frozen(model):
        graph = trace(model, tuple(images.shape[1:]))
        require_several(graph.classes)
        table = run_certifier(spec, graph, images.detach(), labels, eps=eps)
        radius = None
        if radius_steps:
            radius = radii(spec, graph, images.detach(), labels, largest=eps, halvings=radius_steps)
            radius[table.certified] = eps
    found = {name: getattr(table, name) for name in CertificateTable.__dataclass_fields__}
    return CertifiedModel(**found, radius=radius, eps=eps, spec=spec)
