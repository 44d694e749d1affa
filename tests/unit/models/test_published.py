"""Files of weights from elsewhere: every form they come in, and everything that must not pass."""

import os
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from distillab.core.errors import ArtifactError, SpecError
from distillab.models import MODELS, wrappers
from distillab.models.load import build_model
from distillab.models.published import load_published, read_networks, read_published
from distillab.specs.model import Domain

DOMAIN = Domain((1, 8, 8), 10, (0.25,), (0.5,))


def ours(seed=0, arch="wong_small"):
    return build_model(MODELS.parse({"name": arch}), DOMAIN, seed=seed).eval()


def theirs():
    """The same layers under other numbers: published networks number what is no layer, too."""
    state = ours(seed=7).network.state_dict()
    return OrderedDict((f"{2 * int(name.split('.')[0])}.{name.split('.')[1]}", t) for name, t in state.items())


@pytest.fixture
def saved(tmp_path):
    """Write an object with ``torch.save``; return the path."""

    def write(content, **options):
        torch.save(content, tmp_path / "net.pth", **options)
        return tmp_path / "net.pth"

    return write


def same(model, state):
    return all(torch.equal(a, b) for a, b in zip(model.network.state_dict().values(), state.values(), strict=True))


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "err": 0.018, "epoch": 19},
        lambda state: {"state_dict": [state]},
        lambda state: [state],
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"model": state, "optimizer": {"state": {}, "param_groups": []}},
        lambda state: {"net": {f"module._orig_mod.{name}": tensor for name, tensor in state.items()}, "acc": 91.5},
        lambda state: {"state_dict": {f"model.{name}": t for name, t in state.items()}, "hyper_parameters": {"lr": 1}},
        lambda state: {"module." + n: t for n, t in state.items()} | {"n_averaged": torch.tensor(3)},
        lambda state: {"ema": {"state_dict": state}, "model": {"depth": 3}},
    ],
    ids=["bare", "checkpoint", "cascade of one", "list", "parallel", "model", "net", "lightning", "averaged", "nested"],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_every_form_is_understood(saved, wrapped, zipped):
    model = ours()
    load_published(model, saved(wrapped(theirs()), _use_new_zipfile_serialization=zipped))
    assert same(model, theirs())
    assert float(model.normalize.mean) == 0.25


def test_of_a_cascade_one_network_is_taken(saved):
    states = [ours(seed).network.state_dict() for seed in (1, 2)]
    path = saved({"state_dict": states})
    model = ours()
    load_published(model, path, network=1)
    assert same(model, states[1])
    for network, got in ((None, "; --cascade takes all of them"), (2, "; got 2"), (-1, "; got -1")):
        with pytest.raises(SpecError, match=rf"expected --network 0 to 1{got}$"):
            load_published(model, path, network=network)


def test_of_a_cascade_all_networks_are_read_in_their_order(saved):
    states = [ours(seed).network.state_dict() for seed in (1, 2, 3)]
    for content in ({"state_dict": states, "err": 0.3364, "epoch": 59}, states, [{"state_dict": s} for s in states]):
        networks = read_networks(saved(content, _use_new_zipfile_serialization=False))
        assert len(networks) == 3
        for network, state in zip(networks, states, strict=True):
            model = ours()
            load_published(model, network)
            assert same(model, state)
    assert len(read_networks(saved(states[0]))) == 1
    with pytest.raises(ArtifactError, match="is no file of weights"):
        read_networks(saved({"epoch": 3}))


class Before2018:
    """A tensor as PyTorch pickled it before version 0.4."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        storage = torch.storage.TypedStorage(wrap_storage=self.tensor.untyped_storage(), dtype=self.tensor.dtype,
                                             _internal=True)  # fmt: skip
        return torch._utils._rebuild_tensor, (storage, 0, tuple(self.tensor.shape), self.tensor.stride())


def test_a_cascade_of_2018_is_read_where_there_is_no_gpu(saved):
    """Old tensors, on a GPU when they were saved, beside the training images that each network had."""
    states = [OrderedDict((n, Before2018(t)) for n, t in ours(seed).network.state_dict().items()) for seed in (1, 2)]
    content = {"state_dict": states, "err": 0.5, "epoch": 9, "sampler_indices": [torch.arange(4)]}
    path = saved(content, _use_new_zipfile_serialization=False)
    told = path.read_bytes()
    for kind in (b"Float", b"Long"):
        told = told.replace(b"ctorch\n" + kind + b"Storage\n", b"ctorch.cuda\n" + kind + b"Storage\n")
    path.write_bytes(told.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    assert b"cuda:0" in path.read_bytes()
    for network, seed in zip(read_networks(path), (1, 2), strict=True):
        model = ours()
        load_published(model, network)
        assert same(model, ours(seed).network.state_dict())


class Sum(nn.Module):
    """The sum of layers, each of one of the last values, the newest for the last layer; none skips its value."""

    def __init__(self, *layers):
        super().__init__()
        self.Ws = nn.ModuleList(layers)


def released_resnet():
    """The residual network of locuslab/convex_adversarial for 8x8 gray images: a list whose sums reach back."""
    layers, channels = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()], 16
    for width, halve in ((16, False), (16, False), (32, True), (64, True)):
        first = nn.Conv2d(channels, width, 4, 2, 1) if halve else nn.Conv2d(channels, width, 3, 1, 1)
        skip = nn.Conv2d(channels, width, 2, 2) if halve else nn.Conv2d(channels, width, 1)
        layers += [Sum(first), nn.ReLU(), Sum(skip, None, nn.Conv2d(width, width, 3, padding=1)), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 1000), nn.ReLU(), nn.Linear(1000, 10))


def run(released, x):
    values = [x]
    for layer in released:
        if isinstance(layer, Sum):
            sources = zip(layer.Ws, values[-len(layer.Ws):], strict=True)  # fmt: skip
            values.append(sum(weights(value) for weights, value in sources if weights is not None))
        else:
            values.append(layer(values[-1]))
    return values[-1]


def test_the_released_residual_network_computes_the_same_logits(saved, tmp_path):
    torch.manual_seed(0)
    released, model = released_resnet(), ours(arch="wong_resnet")
    state = released.state_dict()
    assert {"2.Ws.0.weight", "4.Ws.0.weight", "4.Ws.2.weight"} < state.keys()
    x = torch.rand(3, 1, 8, 8)
    expected = run(released, (x - 0.25) / 0.5)
    save_file(state, tmp_path / "net.safetensors")
    for path in (saved({"state_dict": [state]}), tmp_path / "net.safetensors"):
        found = load_published(model, path)
        assert torch.allclose(model(x), expected, atol=1e-5)
        assert found.layers["2.main.2"] == "4.Ws.2"
        model = ours(seed=1, arch="wong_resnet")


def test_safetensors_forget_the_order_and_it_is_found_again(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({f"{10 + int(name.split('.')[0])}.{name.split('.')[1]}" if name[0] != "0" else name: t
               for name, t in theirs().items()}, path)  # fmt: skip
    model = ours()
    load_published(model, path)
    assert same(model, theirs())


def test_a_payload_of_this_project_is_taken_name_by_name(tmp_path):
    other = build_model(MODELS.parse({"name": "wong_small"}), Domain((1, 8, 8), 10, (0.75,), (0.5,)), seed=3)
    save_file(other.state_dict() | {"release.centroids": torch.zeros(2)}, tmp_path / "s0.safetensors")
    model = ours()
    load_published(model, tmp_path / "s0.safetensors")
    assert same(model, other.network.state_dict())
    assert float(model.normalize.mean) == 0.75


def test_counters_of_old_files_may_be_missing(saved):
    spec = MODELS.parse({"name": "resnet20"})
    domain = Domain((3, 32, 32), 10, (0.5,) * 3, (0.5,) * 3)
    model, other = (build_model(spec, domain, seed=seed) for seed in (0, 1))
    state = {k: t for k, t in other.network.state_dict().items() if not k.endswith("num_batches_tracked")}
    load_published(model, saved(state))
    assert torch.equal(model.network.state_dict()["fc.weight"] if "fc.weight" in state else list(
        model.network.state_dict().values())[-2], list(state.values())[-2])  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: {n: t for n, t in s.items() if n != "14.bias"}, "expected weight, bias in 7; got weight in 14"),
        (lambda s: s | {"16.weight": torch.zeros(2)}, "expected 8 tensors; got 9"),
        (lambda s: dict(reversed(s.items())), r"expected \(16, 1, 4, 4\) for 0.weight; got \(10, 100\) in 14.weight"),
        (lambda s: s | {"10.weight": torch.zeros(100, 1568)}, r"\(100, 128\) for 5.weight; got \(100, 1568\)"),
    ],
    ids=["one less", "one more", "reversed", "of larger images"],
)
def test_another_network_is_one_clear_error(saved, change, says):
    model, path = ours(), saved(change(theirs()))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(SpecError, match=says) as error:
        load_published(model, path)
    assert str(error.value).startswith(f"{path}: the file holds another network")
    assert "\n" not in str(error.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


class Loud:
    """What pickle would run while it loads."""

    def __reduce__(self):
        return (print, ("arbitrary code",))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("content", [Loud(), {"state_dict": Loud()}, nn.Linear(2, 2)], ids=["bare", "inside", "module"])
def test_a_pickle_with_other_objects_is_refused_and_not_run(saved, capsys, zipped, content):
    with pytest.raises(ArtifactError, match="holds more than tensors") as error:
        load_published(ours(), saved(content, _use_new_zipfile_serialization=zipped))
    assert "\n" not in str(error.value)
    assert "arbitrary" not in capsys.readouterr().out


def test_a_pickle_is_named_by_what_it_holds(saved):
    with pytest.raises(ArtifactError, match=r"expected a state_dict; got print; save model\.state_dict\(\) wh"):
        load_published(ours(), saved(Loud()))


class Payload:
    """What pickle would call while it loads."""

    def __init__(self, called, *arguments):
        self.call = called, arguments

    def __reduce__(self):
        return self.call


def test_nothing_in_a_file_is_run(saved, tmp_path):
    marker = tmp_path / "marker"
    payloads = Payload(os.system, f"touch {marker}"), Payload(open, str(marker), "w"), Payload(os.mkdir, str(marker))
    for payload in payloads:
        for content in (payload, {"state_dict": theirs(), "args": payload}):
            with pytest.raises(ArtifactError, match="holds more than tensors"):
                load_published(ours(), saved(content))
    assert not marker.exists()
    pickle.loads(pickle.dumps(payloads[2]))
    assert marker.exists()


def test_of_several_sets_of_weights_one_is_named(saved):
    states = [ours(seed).network.state_dict() for seed in (1, 2)]
    path = saved({"state_dict": states[0], "state_dict_ema": states[1], "mine": {"deep": states[0]}})
    with pytest.raises(
        SpecError, match=r"several sets of weights; expected --entry state_dict or --entry state_dict_ema$"
    ):
        load_published(ours(), path)
    model = ours()
    load_published(model, path, entry="state_dict_ema")
    assert same(model, states[1])
    with pytest.raises(SpecError, match=r"no such entry; expected entries state_dict \(OrderedDict\), .*; got ema$"):
        load_published(model, path, entry="ema")


def test_an_unknown_wrapper_is_listed_with_the_known_ones(saved):
    says = r"alone or as state_dict, .*; got entries backbone \(OrderedDict\), epoch \(int\); where .* --entry$"
    path = saved({"backbone": theirs(), "epoch": 3})
    with pytest.raises(ArtifactError, match=says):
        load_published(ours(), path)
    model = ours()
    assert load_published(model, path, entry="backbone").by == "place and shape"
    assert same(model, theirs())


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda t: t.to(torch.complex64), "complex64"),
        (lambda t: t.to(torch.int64), "int64"),
        (lambda t: t > 0, "bool"),
        (lambda t: t.to(torch.float8_e4m3fn), "float8_e4m3fn"),
        (lambda t: t.to_sparse(), "a sparse tensor"),
        (lambda t: t.to_sparse_csr(), "a sparse tensor"),
        (lambda t: t.to("meta"), "a tensor without data (meta)"),
        (lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8), "a quantized tensor (torch.qint8)"),
        (lambda t: torch.nested.nested_tensor([t[0], t[1]]), "a nested tensor"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_real_number_is_refused_by_name(saved, change, kind):
    path = saved({name: change(t) if name == "10.weight" else t for name, t in theirs().items()})
    with pytest.raises(SpecError) as error:
        load_published(ours(), path)
    assert f"got {kind} in 10.weight; " in str(error.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(saved, dtype):
    model, state = ours(), {name: tensor.to(dtype) for name, tensor in theirs().items()}
    load_published(model, saved(state))
    assert same(model, {name: tensor.float() for name, tensor in state.items()})


def test_two_names_that_become_one_are_refused(saved):
    with pytest.raises(SpecError, match="two tensors have one name but for what trainers add"):
        load_published(ours(), saved({"a.b": torch.ones(1), "a._orig_mod.b": torch.ones(1)}))


def test_a_pipe_a_device_and_a_folder_are_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "zero.pth").symlink_to("/dev/zero")
    for path, got in ((tmp_path / "pipe.pth", "a pipe"), (tmp_path / "zero.pth", "a pipe"), (tmp_path, "a folder")):
        with pytest.raises(ArtifactError, match=f"is no file of weights; expected a regular file; got {got}"):
            load_published(ours(), path)


def test_a_packed_archive_is_refused(saved):
    path = saved(theirs())
    with (
        zipfile.ZipFile(path) as archive,
        zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
        packed.writestr("archive/data/99", bytes(1 << 20))
    with pytest.raises(ArtifactError, match="got a packed archive"):
        load_published(ours(), path.with_suffix(".zip"))


def test_safetensors_are_known_by_their_content(tmp_path):
    save_file(theirs(), tmp_path / "net.bin")
    model = ours()
    load_published(model, tmp_path / "net.bin")
    assert same(model, theirs())


@pytest.mark.parametrize("content", [{}, [{}], {"a": 1}, "text", torch.zeros(3), {"state_dict": {"a": [1]}}])
def test_what_is_no_state_dict_is_refused(saved, content):
    with pytest.raises(ArtifactError, match="is no file of weights"):
        load_published(ours(), saved(content))


@pytest.mark.parametrize("within", [
    lambda inner: dict.fromkeys(wrappers.ENTRIES, inner), lambda inner: [inner] * 30,
], ids=["entries", "list"])  # fmt: skip
@pytest.mark.parametrize("inmost", [{"weight": torch.zeros(2)}, {"weight": 1}])
def test_what_stands_in_many_places_is_looked_into_once(saved, monkeypatch, within, inmost):
    """A file of a kilobyte can say 30 to the power of 7 things."""
    looks, look = [], wrappers._looked_into
    monkeypatch.setattr(wrappers, "_looked_into", lambda *given: looks.append(1) or look(*given))
    content = inmost
    for _ in range(wrappers.DEPTH - 2):
        content = within(content)
    with pytest.raises((ArtifactError, SpecError)):
        read_published(saved({"other": content, "net": content}))
    assert len(looks) < 100


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights", pickle.dumps(1), b"PK\x03\x04 torn"])
def test_other_files_are_one_line(tmp_path, suffix, content):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="no file of weights") as error:
        load_published(ours(), path)
    assert "\n" not in str(error.value)
    with pytest.raises(ArtifactError, match="no such file"):
        load_published(ours(), path.with_name(f"other{suffix}"))


def test_a_torn_file_is_one_line(saved):
    path = saved(theirs())
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ArtifactError, match="no file of weights"):
        load_published(ours(), path)
