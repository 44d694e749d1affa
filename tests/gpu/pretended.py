"""A pretended GPU: tensors that say ``cuda:0`` and compute on the CPU, refuse to be mixed, and count host syncs.

A sync is any point at which a host would wait for its device: a value read back, a result whose shape depends on
values, a copy in either direction that is not made from pinned memory without blocking. Counted are syncs by the line
of the package that causes them.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn.utils import clip_grad
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")

OUTSIDE = "outside the package"
"""The place of what tests do themselves."""

aten = torch.ops.aten

SYNCS: Mapping[Any, str] = {
    aten._local_scalar_dense.default: "value",
    aten.is_nonzero.default: "value",
    aten.equal.default: "value",
    aten.nonzero.default: "shape",
    aten.masked_select.default: "shape",
    aten._unique2.default: "shape",
    aten.unique_dim.default: "shape",
    aten.unique_consecutive.default: "shape",
    aten.repeat_interleave.Tensor: "shape",
    aten.bincount.default: "shape",
}
"""What reads values of the device."""

INDEXING = {
    aten.index.Tensor, aten._unsafe_index.Tensor, aten.index_put.default, aten.index_put_.default,
    aten._index_put_impl_.default,
}  # fmt: skip

SCALARS_REFUSED = {
    "cat", "stack", "index_select", "gather", "scatter", "index_add_", "index_add", "mm", "addmm", "bmm",
    "convolution", "embedding", "scatter_add_", "nll_loss_forward",
}  # fmt: skip
"""Operators that take no scalar of another device either."""


class MixedDevicesError(RuntimeError):
    """Two devices in one operator, as CUDA would refuse them."""


class GpuTensor(Tensor):
    """A tensor that is said to be on ``cuda:0``; ``held`` on the CPU is what it holds."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "GpuTensor":
        made = Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=CPU
        )
        made.held = held
        return made

    def __repr__(self) -> str:
        return f"GpuTensor({self.held!r})"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if (answer := METHODS.get(func)) is not None:
            return answer(*args, **kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _dispatched(func, args, kwargs or {})


class _Moved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, to_gpu: bool, dtype: torch.dtype) -> Tensor:
        ctx.was_gpu, ctx.dtype = isinstance(x, GpuTensor), x.dtype
        held = _held(x).detach().clone().to(dtype)
        return GpuTensor(held) if to_gpu else held

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return _Moved.apply(gradient, ctx.was_gpu, ctx.dtype), None, None


class PretendedGPU(TorchFunctionMode):
    """Inside, there is a GPU; ``syncs`` counts them by kind and line."""

    syncs: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in METHODS and any(isinstance(leaf, Tensor) for leaf in tree_leaves(args)):
            return METHODS[func](*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "one_hot" and isinstance(args[0], GpuTensor):
            if kwargs.get("num_classes", args[1] if len(args) > 1 else -1) == -1:
                _sync("shape")
            return GpuTensor(func(args[0].held, *args[1:], **kwargs))
        if name == "unravel_index" and isinstance(args[0], GpuTensor):  # it asks C++ for the device
            return tuple(map(GpuTensor, func(args[0].held, *args[1:], **kwargs)))
        wanted = kwargs.get("device")
        if wanted is None or isinstance(wanted, int) or torch.device(wanted).type != "cuda":
            return func(*args, **kwargs)
        return _created(func, args, kwargs)


@contextmanager
def pretended_gpu() -> Iterator[Counter[tuple[str, str]]]:
    """A machine with one GPU; yields the counter of its syncs."""
    autocast = torch.autocast
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    PretendedGPU.syncs = Counter()
    with ExitStack() as stack:
        stack.enter_context(patch.object(torch.cuda, "_lazy_init", lambda: None))
        stack.enter_context(patch.object(torch.cuda, "is_available", lambda: True))
        stack.enter_context(patch.object(torch.cuda, "device_count", lambda: 1))
        stack.enter_context(patch.object(torch.cuda, "get_device_name", lambda: "pretended"))
        stack.enter_context(patch.object(torch.cuda, "get_device_name", lambda: "pretended"))
        stack.enter_context(patch.object(torch, "autocast", lambda _device, *a, **k: autocast("cpu", *a, **k)))
        stack.enter_context(patch.object(clip_grad, "_group_tensors_by_device_and_dtype", _one_group))
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        stack.callback(torch.__future__.set_overwrite_module_params_on_conversion, before)
        stack.enter_context(PretendedGPU())
        yield PretendedGPU.syncs


def _one_group(lists: Any) -> Any:
    """C++ would say that they are on the CPU."""
    return {(CUDA, lists[0][0].dtype): (lists, None)}


def _sync(kind: str) -> None:
    frame = sys._getframe(1)
    while frame and "/src/distillab/" not in frame.f_code.co_filename:
        frame = frame.f_back
    place = f"{frame.f_code.co_filename.rpartition('/distillab/')[2]}:{frame.f_lineno}" if frame else OUTSIDE
    PretendedGPU.syncs[kind, place] += 1


def _held(x: Any) -> Any:
    return x.held if isinstance(x, GpuTensor) else x


def _moved(x: Tensor, *, to_gpu: bool, dtype: torch.dtype | None = None, blocking: bool = True) -> Tensor:
    if isinstance(x, GpuTensor) == to_gpu:
        if dtype is None or dtype == x.dtype:
            return x
        with torch._C.DisableTorchFunctionSubclass():
            return x.to(dtype)
    if blocking or not (to_gpu and getattr(x, "pinned", False)):
        _sync("copy")
    return _Moved.apply(x, to_gpu, dtype or x.dtype)  # type: ignore[no-any-return]


def _to(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    dtype, device = kwargs.get("dtype"), kwargs.get("device")
    for each in (*args, *([kwargs["other"]] if "other" in kwargs else [])):
        if isinstance(each, Tensor):
            dtype, device = each.dtype, each.device
        elif isinstance(each, torch.dtype):
            dtype = each
        elif isinstance(each, str | torch.device):
            device = each
    to_gpu = isinstance(x, GpuTensor) if device is None else torch.device(device).type == "cuda"
    out = _moved(x, to_gpu=to_gpu, dtype=dtype, blocking=not kwargs.get("non_blocking", False))
    if (layout := kwargs.get("memory_format")) is not None:
        with torch._C.DisableTorchFunctionSubclass():
            out = out.to(memory_format=layout)
    return out


def _pinned(x: Tensor) -> Tensor:
    copy = x.clone()
    copy.pinned = True  # type: ignore[attr-defined]
    return copy


def _to_list(x: Tensor) -> Any:
    if isinstance(x, GpuTensor):
        _sync("value")
    return _held(x).detach().tolist()


def _no_numpy(x: Tensor, *args: Any, **kwargs: Any) -> Any:
    if isinstance(x, GpuTensor):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")
    with torch._C.DisableTorchFunction():
        return x.numpy(*args, **kwargs)


METHODS: Mapping[Any, Callable[..., Any]] = {
    Tensor.device.__get__: lambda x: CUDA if isinstance(x, GpuTensor) else CPU,  # type: ignore[attr-defined]
    Tensor.is_cuda.__get__: lambda x: isinstance(x, GpuTensor),  # type: ignore[attr-defined]
    Tensor.is_cpu.__get__: lambda x: not isinstance(x, GpuTensor),  # type: ignore[attr-defined]
    Tensor.to: _to,
    Tensor.cpu: lambda x, **_: _moved(x, to_gpu=False),
    Tensor.cuda: lambda x, *_, **k: _moved(x, to_gpu=True, blocking=not k.get("non_blocking", False)),
    Tensor.pin_memory: lambda x, *_: _pinned(x),
    Tensor.tolist: _to_list,
    Tensor.numpy: _no_numpy,
}
"""What a GPU's tensors answer otherwise than the CPU's."""


def _created(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A new tensor on the device."""
    stream = kwargs.get("generator")
    if stream is not None and stream.device.type == "cpu":
        raise MixedDevicesError(f"expected a generator of cuda, got one of the CPU: {func}")
    if func in (torch.tensor, torch.as_tensor):
        _sync("copy")
    out = func(*args, **kwargs | {"device": CPU})
    if not isinstance(out, Tensor) or isinstance(out, GpuTensor):
        return out
    made = GpuTensor(out.detach())
    return made.requires_grad_() if out.requires_grad else made


def _dispatched(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    _refuse_mixed(func, args, tensors)
    if kind := SYNCS.get(func):
        _sync(kind)
    if func in INDEXING and any(isinstance(i, Tensor) and i.dtype in (torch.bool, torch.uint8) for i in args[1]):
        _sync("shape")
    if func is aten.copy_.default and isinstance(args[0], GpuTensor) != isinstance(args[1], GpuTensor):
        _sync("copy")
    # C++ takes the tensors for the CPU's and says so; nothing there is a transfer.
    wanted = {name: CPU if name == "device" else value for name, value in kwargs.items()}
    out = func(*tree_map(_held, args), **tree_map(_held, wanted))
    if func in (aten._local_scalar_dense.default, aten.equal.default):
        return out
    if func is aten.copy_.default:
        return args[0]
    wrapped = tree_map(lambda each: GpuTensor(each) if type(each) is Tensor else each, out)
    return return_and_correct_aliasing(func, args, kwargs, wrapped)


def _refuse_mixed(func: Any, args: Any, tensors: list[Tensor]) -> None:
    own = [each for each in tensors if not isinstance(each, GpuTensor)]
    if not own or func in (aten.copy_.default, aten._to_copy.default):
        return
    if func in INDEXING and isinstance(args[0], GpuTensor):
        if any(isinstance(i, Tensor) and not isinstance(i, GpuTensor) for i in args[1]):
            _sync("copy")
        values = args[2] if len(args) > 2 else None
        if values is None or isinstance(values, GpuTensor) or values.dim() == 0 or not values.any():
            return
    name = func._schema.name.split("::")[1]
    if any(each.dim() for each in own) or name in SCALARS_REFUSED:
        shapes = [tuple(each.shape) for each in tensors]
        raise MixedDevicesError(f"expected all tensors to be on one device, got cuda:0 and cpu: {name} of {shapes}")
