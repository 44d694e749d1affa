"""What every registered network promises; large ones promise their shapes only, on the meta device."""

import pytest
import torch
from pydantic import TypeAdapter

from distillab.core.registry import name_of
from distillab.models import MODELS
from distillab.models.count import planned_parameter_count
from distillab.models.load import build_model
from distillab.specs.model import Domain

LIGHT = 1_000_000
CLASSES = 7


def smallest(spec):
    """The smallest shapes that a spec accepts; sides of every remainder by four where it accepts any."""
    side = spec.min_size
    return spec.shapes or ((1, side, side), (3, side + 1, side + 2), (3, side + 5, side + 3))


def build(spec, shape, seed=0):
    return build_model(spec, Domain(shape, CLASSES, (0.4,) * shape[0], (0.3,) * shape[0]), seed=seed)


every = pytest.mark.parametrize("model", MODELS.members, ids=name_of)
light = pytest.mark.parametrize(
    "model",
    [model for model in MODELS if planned_parameter_count(model(), smallest(model)[0], CLASSES) < LIGHT],
    ids=name_of,
)


@every
def test_it_says_what_it_is(model):
    assert model.paper
    assert model.label
    assert model.__doc__
    assert model.grade in {"V", "P", "S", "R"}
    assert all(field.description or name == "name" for name, field in model.model_fields.items())


def test_labels_tell_networks_apart():
    assert len({model.label for model in MODELS}) == len(MODELS)


@every
def test_its_spec_survives_json(model):
    spec = TypeAdapter(MODELS.union).validate_python({"name": name_of(model)})
    assert type(spec) is model
    assert TypeAdapter(MODELS.union).validate_python(spec.plain()) == spec


@every
def test_it_maps_its_smallest_images_to_logits(model):
    for shape in smallest(model):
        assert model().misfit(shape) == ""
        with torch.device("meta"):
            network = model().build(shape, CLASSES)
            assert network.train()(torch.empty(2, *shape)).shape == (2, CLASSES)
            assert network.eval()(torch.empty(1, *shape)).shape == (1, CLASSES)


@every
def test_it_refuses_smaller_images(model):
    size = min(smallest(model)[0][1:]) - 1
    assert "images of" in model().misfit((1, size, size))


@every
def test_only_learned_tensors_ask_for_gradients(model):
    with torch.device("meta"):
        network = model().build(smallest(model)[-1], CLASSES)
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


@light
def test_same_seed_same_weights_and_the_global_generator_untouched(model):
    shape = smallest(model)[0]
    before = torch.get_rng_state()
    first, second, other = (build(model(), shape, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@light
def test_two_eval_passes_agree_and_change_nothing(model):
    shape = smallest(model)[0]
    network = build(model(), shape).eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = torch.rand(3, *shape)
    copy = x.clone()
    assert torch.equal(network(x), network(x))
    assert torch.equal(x, copy)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@light
def test_in_eval_mode_batch_mates_do_not_matter(model):
    shape = smallest(model)[0]
    network = build(model(), shape).eval()
    x = torch.rand(6, *shape)
    torch.testing.assert_close(network(x)[:2], network(torch.cat([x[:2], 1 - x[2:]]))[:2], atol=1e-5, rtol=1e-5)


@light
def test_every_parameter_and_pixel_has_a_gradient(model):
    """Nothing dead is built: weight decay would act on it, and counts would lie."""
    shape = smallest(model)[-1]
    network = build(model(), shape).train()
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    x = torch.rand(4, *shape, requires_grad=True)
    network(x).logsumexp(dim=1).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert x.grad.isfinite().all()
    assert x.grad.any()
