"""Let torchvision import beside a CPU-only torch build.

The registry's torchvision is compiled against a CUDA build of torch. Beside a CPU-only build its C++
operators do not load, and its import fails where it registers fake kernels for ``nms`` and ``qnms``.
Declaring the two schemas first is enough: distillab uses data sets, transforms and models, never detection.
"""

import torch
from torch import library

_DECLARED: list[library.Library] = []  # a Library undeclares its operators when it is collected

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def import_torchvision() -> None:
    """Import torchvision, declaring its missing operators only if the plain import fails for want of them."""
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        declare_missing_operators()
        import torchvision  # noqa: F401


def declare_missing_operators() -> None:
    """Declare the schemas of ``torchvision::nms`` and ``torchvision::qnms`` where no library has."""
    fragment = library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            fragment.define(schema)
    _DECLARED.append(fragment)
