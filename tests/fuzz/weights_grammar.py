"""Files of weights as trainers write them, and as nobody should: what each must become is known where it is made."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

LAYERS = {
    "0": ("weight", "bias"), "1": ("weight", "bias", "running_mean", "running_var"), "3": ("weight",),
    "4": ("weight", "bias", "running_mean", "running_var"), "8": ("weight", "bias"),
}  # fmt: skip
"""Layers with weights of the network below, and their parts."""

NUMBERED = [{"0": "0", "1": "2", "3": "4", "4": "6", "8": "20"}, {"0": "2", "1": "9", "3": "10", "4": "11", "8": "100"}]
REGISTERED = [{"0": "stem", "1": "norm", "3": "conv", "4": "after", "8": "head"},
              {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2", "8": "fc"}]  # fmt: skip
ENTRIES = ("state_dict", "model", "net", "network", "model_state_dict", "state_dict_ema", "ema", "model_ema", "module")
AROUND = ("module.", "model.", "net.", "_orig_mod.", "network.", "ema_model.")
NAMES = ("weight", "\x1b[31mred", "a" * 5000, "\u202eltr", "two\nlines", "", "..", "0.weight\0")


@dataclass
class File:
    """Bytes or what else stands under a name; the tensors that it must give, or nothing where it must be refused."""

    content: bytes = b""
    right: dict[str, Tensor] | None = None
    name: str = "net.pth"
    kind: str = "file"
    options: dict[str, Any] = field(default_factory=dict)


class Marker:
    """What would leave a folder behind if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("MARKER",)


def network() -> nn.Sequential:
    """Small, with batch normalization and two layers of the same parts in the same shapes."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip


def tensors(random: Random) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(random.getrandbits(32))
    counters = {"1.num_batches_tracked": torch.tensor(7), "4.num_batches_tracked": torch.tensor(7)}
    values = network().state_dict()
    return {n: counters.get(n, torch.rand(t.shape, generator=generator) + 0.25) for n, t in values.items()}


def case(random: Random) -> File:
    """Mostly something that must load; else a file that is wrong in one way."""
    state = tensors(random)
    right = {name: tensor for name, tensor in state.items() if not name.endswith("tracked")}
    if random.random() < 0.5:
        state = random.choice([named, counted, halved, turned])(random, state)
        right = {name: tensor.float() for name, tensor in zip(right, of_parts(state, right), strict=True)}
        return packed(random, state, right)
    return random.choice([wrong_tensor, wrong_tensor, wrong_names, wrong_wrapper, hostile, damaged, special])(
        random, state
    )


def of_parts(state: dict[str, Tensor], right: dict[str, Tensor]) -> list[Tensor]:
    """The tensors of a state in the order of the network's, part by part of layer by layer."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in state))
    places = dict(zip(LAYERS, layers, strict=True))
    return [state[f"{places[name[0]]}.{name[2:]}"] for name in right]


def renamed(state: dict[str, Tensor], names: dict[str, str]) -> dict[str, Tensor]:
    return {f"{names[name[0]]}.{name[2:]}": tensor for name, tensor in state.items()}


def named(random: Random, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Other names for the layers."""
    return renamed(state, random.choice([*NUMBERED, *REGISTERED]))


def counted(random: Random, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the counters of batches."""
    return {name: tensor for name, tensor in state.items() if not name.endswith("tracked")}


def halved(random: Random, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """In another precision."""
    dtype = random.choice([torch.float16, torch.bfloat16, torch.float64])
    return {name: tensor if name.endswith("tracked") else tensor.to(dtype) for name, tensor in state.items()}


def turned(random: Random, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parts of each layer in another order."""
    parts = list(state.items())
    random.shuffle(parts)
    return dict(sorted(parts, key=lambda item: item[0][0]))


def packed(random: Random, state: dict[str, Tensor], right: dict[str, Tensor] | None) -> File:
    """As some trainer saves it."""
    prefix = "".join(random.sample(AROUND, random.randrange(3)))
    state = {prefix + name: tensor for name, tensor in state.items()}
    words = any(name.removeprefix(prefix).startswith(("stem", "conv")) for name in state)
    if not words and random.random() < 0.3:
        return File(
            save(dict(random.sample(list(state.items()), len(state)))), right, random.choice(["a.safetensors", "b.bin"])
        )
    content: object = random.choice([dict, OrderedDict])(state)
    for _ in range(random.randrange(3)):
        content = {
            "epoch": 3,
            random.choice(ENTRIES): content,
            "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
        }
        if random.random() < 0.2:
            content = [content]
    return File(saved(random, content), right)


def saved(random: Random, content: object) -> bytes:
    out = io.BytesIO()
    torch.save(content, out, _use_new_zipfile_serialization=random.random() < 0.7)
    return out.getvalue()


def wrong_tensor(random: Random, state: dict[str, Tensor]) -> File:
    """One tensor of another kind or shape."""
    name = random.choice([name for name in state if not name.endswith("tracked")])
    change = random.choice([
        lambda t: t.to(torch.complex64), lambda t: t.long(), lambda t: t > 0, lambda t: t.to(torch.float8_e5m2),
        lambda t: t.to_sparse(), lambda t: t.to("meta"), lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8),
        lambda t: torch.cat([t, t]), lambda t: t[None], lambda t: t.flatten()[:0], lambda t: t.sum(),
        lambda t: t.flatten()[:1].expand(1 << 20, 1 << 20),
    ])  # fmt: skip
    return File(saved(random, state | {name: change(state[name])}))


def wrong_names(random: Random, state: dict[str, Tensor]) -> File:
    """A tensor too few or too many, or layers whose order nothing tells."""
    some = random.choice([name for name in state if not name.endswith("tracked")])
    lacking = {name: tensor for name, tensor in state.items() if name != some}
    unordered = dict(sorted(renamed(state, REGISTERED[0] | {"4": "batch"}).items()))
    backwards = renamed(state, {"0": "8", "1": "7", "3": "6", "4": "5", "8": "4"})
    odd = {random.choice(NAMES): state[some]} | lacking
    content = random.choice([lacking, state | {"extra.weight": torch.ones(3)}, unordered, backwards, odd])
    return File(saved(random, content))


def wrong_wrapper(random: Random, state: dict[str, Tensor]) -> File:
    """Several sets of weights, none, or one under a name that nobody knows."""
    loop: dict[str, object] = {}
    loop["model"] = loop
    return File(saved(random, random.choice([
        {"model": state, "ema": state}, [state, state], {"state_dict": [state, state]}, {"backbone": state}, {}, [],
        None, 3, "text", [[]], {"model": {}}, {"model": 3}, {"state_dict": {"a": "b"}}, loop, {"a": state, "b": 1},
        state | {"epoch": 3}, {random.choice(NAMES): state}, {(1, 2): state}, torch.ones(3), list(state.values()),
    ])))  # fmt: skip


def hostile(random: Random, state: dict[str, Tensor]) -> File:
    """Something that would act if it were unpickled, or is larger than it seems."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(1))
        archive.writestr("archive/data/0", bytes(1 << 22))
    reduced = pickle.dumps(Marker())
    return File(random.choice([
        saved(random, {"model": state, "args": Marker()}), saved(random, Marker()), pickle.dumps({"model": Marker()}),
        saved(random, network()), reduced, b"\x80\x02" + b"(" * 100_000 + b".", packed.getvalue(), pickle.dumps(state),
        b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.", struct.pack("<Q", 1 << 60) + b"{" + reduced,
    ]))  # fmt: skip


def damaged(random: Random, state: dict[str, Tensor]) -> File:
    """Cut or changed files, and safetensors headers that lie."""
    whole, safe = saved(random, state), save(state)
    header = {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}}
    lies = json.dumps(
        random.choice([header, {"a": 1}, [], {"a": header["a"] | {"dtype": "X9", "shape": [1]}}])
    ).encode()
    return File(random.choice([
        b"", whole[: random.randrange(1, len(whole) * 3 // 4)], safe[: random.randrange(1, len(safe) - 1)],
        b"no weights", struct.pack("<Q", len(lies)) + lies + bytes(4), struct.pack("<Q", 1 << 50) + b"{}",
        bytes(64), b"PK\x03\x04" + whole[:9],
        b"[" * 100_000, safe + b"more", struct.pack("<Q", 100_000) + b"{" * 100_000,
    ]), name=random.choice(["net.pth", "net.safetensors", "net.bin"]))  # fmt: skip


def special(random: Random, state: dict[str, Tensor]) -> File:
    """No regular file, or a wrong choice of what is in it."""
    kind = random.choice(["fifo", "device", "folder", "absent", "loop", "file", "file"])
    options = (
        random.choice([{"entry": random.choice(NAMES)}, {"network": 1}, {"network": -1}]) if kind == "file" else {}
    )
    return File(saved(random, state), kind=kind, options=options)


def written(file: File, folder: Path) -> Path:
    """The file on disk."""
    path = folder / file.name
    if file.kind == "fifo":
        os.mkfifo(path)
    elif file.kind == "folder":
        path.mkdir()
    elif file.kind in {"device", "loop"}:
        path.symlink_to("/dev/zero" if file.kind == "device" else path)
    elif file.kind == "file":
        path.write_bytes(file.content)
    return path
