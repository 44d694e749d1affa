import pytest
import torch

from distillab.core.errors import SpecError
from distillab.models.load import build_model
from distillab.models.papernot import PapernotCIFAR, PapernotDigits, PapernotMNIST
from distillab.models.plain_cnn import PlainCNN
from distillab.models.preresnet import ResNet20
from distillab.models.resnet import ResNet18
from distillab.models.vgg import VGG11
from distillab.models.wong import WongSmall
from distillab.specs.model import Domain

DIGITS = (1, 8, 8)


def weights(seed):
    return build_model(WongSmall(), Domain(DIGITS, 10, (0.3,), (0.4,)), seed=seed).state_dict()


def test_same_seed_same_weights_whatever_was_drawn_before():
    first = weights(7)
    torch.rand(5)
    second = weights(7)
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_another_seed_other_weights():
    key = "network.0.weight"
    assert not torch.equal(weights(7)[key], weights(8)[key])


def test_the_global_generator_is_untouched():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    weights(7)
    assert torch.equal(torch.rand(3), expected)


def test_the_network_sees_normalized_images():
    model = build_model(WongSmall(), Domain(DIGITS, 10, (0.3,), (0.4,)), seed=0)
    x = torch.rand(4, *DIGITS)
    torch.testing.assert_close(model(x), model.network((x - 0.3) / 0.4))
    assert [name for name, _ in model.named_children()] == ["normalize", "network"]


def test_a_publication_that_fixes_its_input_ignores_the_statistics():
    model = build_model(PapernotDigits(), Domain(DIGITS, 10, (0.3,), (0.4,)), seed=0)
    assert (model.normalize.mean.item(), model.normalize.std.item()) == (0.5, 1.0)


def test_dropout_sleeps_in_eval_mode_and_wakes_in_training():
    model = build_model(PapernotDigits(), Domain(DIGITS, 10, (0.5,), (1.0,)), seed=0)
    x = torch.rand(4, *DIGITS)
    assert not torch.equal(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


@pytest.mark.parametrize("spec", [PapernotMNIST(), PapernotCIFAR(), VGG11()])
def test_images_that_do_not_fit_are_refused_by_name(spec):
    with pytest.raises(SpecError) as caught:
        build_model(spec, Domain(DIGITS, 10, (0.5,), (1.0,)), seed=0)
    message = str(caught.value)
    assert spec.name in message
    assert f"expected {spec.misfit(DIGITS)}" in message
    assert "got 1x8x8" in message


def test_misfits_say_what_would_fit():
    assert PapernotMNIST().misfit(DIGITS) == "images of 1x28x28"
    assert PapernotMNIST().misfit((1, 28, 28)) == ""
    assert VGG11().misfit((3, 31, 32)) == "images of at least 32x32"
    assert ResNet18(stem="imagenet").misfit((1, 32, 32)) == "images of three channels and at least 32x32"
    assert ResNet18(stem="imagenet").misfit((3, 64, 31)) == "images of three channels and at least 32x32"
    assert ResNet18(stem="imagenet").misfit((3, 32, 32)) == ResNet18().misfit((1, 8, 8)) == ""


def test_statistics_of_other_images_are_refused():
    with pytest.raises(SpecError, match="expected 1 channels; got 3"):
        build_model(ResNet20(), Domain(DIGITS, 10, (0.5,) * 3, (1.0,) * 3), seed=0)


def test_gray_images_reach_a_torchvision_network():
    model = build_model(ResNet18(), Domain(DIGITS, 10, (0.5,), (1.0,)), seed=0).eval()
    assert model(torch.rand(2, *DIGITS)).shape == (2, 10)


def test_a_plain_network_takes_odd_sizes():
    model = build_model(PlainCNN(), Domain((3, 13, 9), 4, (0.5,) * 3, (1.0,) * 3), seed=0)
    assert model(torch.rand(2, 3, 13, 9)).shape == (2, 4)
