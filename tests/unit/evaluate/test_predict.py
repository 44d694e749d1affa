"""What a model says of images: in evaluation mode, through its release, in the order that is asked for."""

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError
from distillab.data.dataset import ResidentImages
from distillab.evaluate import predict as module
from distillab.evaluate.predict import predict

IMAGES = ResidentImages(
    torch.randint(0, 256, (7, 1, 2, 2), generator=torch.Generator().manual_seed(0)).to(torch.uint8),
    torch.zeros(7, dtype=torch.int64),
    255,
)
INDEX = torch.tensor([6, 0, 3, 3])


@pytest.fixture
def network():
    """One that answers otherwise in training mode: units drop out, and images are judged by their batch."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)).train()


def unchanged(log_probs, _images):
    return log_probs


def test_a_network_in_training_mode_is_asked_in_evaluation_mode(network):
    said = predict(network, IMAGES, INDEX, release=unchanged)
    assert not any(layer.training for layer in network.modules())
    with torch.no_grad():
        expected = network(IMAGES.images(INDEX)).log_softmax(dim=1)
    torch.testing.assert_close(said, expected)
    torch.testing.assert_close(said[2], said[3])


def test_the_release_sees_log_probabilities_and_the_images_that_they_are_of(network, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    asked = []

    def release(log_probs, images):
        torch.testing.assert_close(log_probs.exp().sum(dim=1), torch.ones(len(images)))
        asked.append(images)
        return log_probs + images.flatten(1).sum(dim=1, keepdim=True)

    said = predict(network, IMAGES, INDEX, release=release)
    x = IMAGES.images(INDEX)
    assert [len(images) for images in asked] == [3, 1]
    assert torch.equal(torch.cat(asked), x)
    torch.testing.assert_close(
        said - predict(network, IMAGES, INDEX, release=unchanged), x.flatten(1).sum(1)[:, None].expand(4, 3)
    )


class Dividing(nn.Module):
    """Logits that are no numbers where an image is black."""

    def forward(self, x):
        return x.flatten(1) / x.flatten(1).sum(dim=1, keepdim=True)


def with_black(black):
    x = torch.full((6, 1, 1, 3), 100, dtype=torch.uint8)
    x[black] = 0
    return ResidentImages(x, torch.zeros(6, dtype=torch.int64), 255)


def test_answers_are_log_probabilities_in_the_order_of_the_index():
    found = predict(Dividing(), with_black([5]), torch.tensor([3, 0]), release=unchanged)
    torch.testing.assert_close(found.exp(), torch.full((2, 3), 1 / 3))


@pytest.mark.parametrize("black", [2, 4])
def test_an_answer_that_is_no_number_is_told_with_its_image(black):
    with pytest.raises(ContractError, match=f"answers are no numbers; .* image {black} of its split"):
        predict(Dividing(), with_black([black]), torch.tensor([0, 4, 2]), release=unchanged)
