"""Weight initializations that several publications share; all draw from the global generator."""

from torch import nn


def glorot_(network: nn.Module) -> None:
    """Glorot uniform weights and zero biases in every convolution and dense layer: the default of Keras.

    Reference: Glorot & Bengio 2010, eq. 16.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            _zero_bias(layer)


def he_fan_out_(network: nn.Module) -> None:
    """N(0, 2 / (kernel area * output channels)) weights and zero biases in every convolution; no other layer changes.

    Reference: He et al. 2015, eq. 14.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            _zero_bias(layer)


def _zero_bias(layer: nn.Conv2d | nn.Linear) -> None:
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
