"""The logits over a constant: the same decisions, another gradient of the softmax."""

from torch import Tensor, nn

from distillab.core.shapes import Images, Logits


class Rescaled(nn.Module):
    """``Z / T``. No boundary moves, so whatever resists on ``Z`` but not here has hidden its gradients.

    Reference: methods, robustness 2.5, rules 1 and 2; Carlini & Wagner 2016.
    """

    def __init__(self, model: nn.Module, temperature: float) -> None:
        super().__init__()
        self.model = model
        self.temperature = temperature

    def forward(self, x: Images) -> Logits:
        """The wrapped network's logits over the temperature."""
        logits: Tensor = self.model(x)
        return logits / self.temperature


def rescaled(model: nn.Module, temperature: float) -> nn.Module:
    """``model`` itself at temperature 1, else its logits over the temperature."""
    return model if temperature == 1 else Rescaled(model, temperature)
