"""What a network says of all images: log-probabilities, and no numbers made of what are none."""

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError
from distillab.data.dataset import ResidentImages
from distillab.evaluate.predict import predict


class Dividing(nn.Module):
    """Logits that are no numbers where an image is black."""

    def forward(self, x):
        return x.flatten(1) / x.flatten(1).sum(dim=1, keepdim=True)


def images(black):
    x = torch.full((6, 1, 1, 3), 100, dtype=torch.uint8)
    x[black] = 0
    return ResidentImages(x, torch.zeros(6, dtype=torch.int64), 255)


def as_they_are(log_probs, _images):
    return log_probs


def test_answers_are_log_probabilities_in_the_order_of_the_index():
    found = predict(Dividing(), images([5]), torch.tensor([3, 0]), release=as_they_are)
    torch.testing.assert_close(found.exp(), torch.full((2, 3), 1 / 3))


@pytest.mark.parametrize("black", [2, 4])
def test_an_answer_that_is_no_number_is_told_with_its_image(black):
    with pytest.raises(ContractError, match=f"answers are no numbers; .* image {black} of its split"):
        predict(Dividing(), images([black]), torch.tensor([0, 4, 2]), release=as_they_are)
