"""Optimizers as plain state around torch's functional kernels.

``torch.optim.Optimizer`` imports ``torch._dynamo`` when it is made: 1.5 CPU seconds a process, more than many of the
small trainings here take.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from distillab.specs.train import AdamSpec, SGDSpec, TrainSpec


class Stepper(ABC):
    """Parameters with the state of their optimizer; the learning rate comes with each step."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Move the parameters that have a gradient."""
        self._move([(i, p, p.grad) for i, p in enumerate(self.parameters) if p.grad is not None], lr)

    @abstractmethod
    def _move(self, moving: list[tuple[int, nn.Parameter, Tensor]], lr: float) -> None: ...

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Everything a resumed training needs, by name."""

    @abstractmethod
    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore what ``state`` returned."""


class SGD(Stepper):
    """Stochastic gradient descent with momentum."""

    def __init__(self, parameters: Iterable[nn.Parameter], spec: SGDSpec) -> None:
        super().__init__(parameters)
        self.spec = spec
        self.buffers: list[Tensor | None] = [None] * len(self.parameters)

    def _move(self, moving: list[tuple[int, nn.Parameter, Tensor]], lr: float) -> None:
        buffers = [self.buffers[i] for i, _, _ in moving]
        sgd(
            [parameter for _, parameter, _ in moving],
            [gradient for _, _, gradient in moving],
            buffers,
            weight_decay=self.spec.weight_decay,
            momentum=self.spec.momentum,
            lr=lr,
            dampening=0.0,
            nesterov=self.spec.nesterov,
            maximize=False,
            has_sparse_grad=False,
        )
        for (i, _, _), buffer in zip(moving, buffers, strict=True):
            self.buffers[i] = buffer

    def state(self) -> dict[str, Tensor]:
        """The momentum of each parameter that has one."""
        return {str(i): buffer for i, buffer in enumerate(self.buffers) if buffer is not None}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore the momenta."""
        for name, buffer in state.items():
            self.buffers[int(name)] = buffer.to(self.parameters[int(name)].device)


class Adam(Stepper):
    """Adam (Kingma & Ba 2015)."""

    EPS = 1e-8

    def __init__(self, parameters: Iterable[nn.Parameter], spec: AdamSpec) -> None:
        super().__init__(parameters)
        self.spec = spec
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [torch.zeros(()) for _ in self.parameters]

    def _move(self, moving: list[tuple[int, nn.Parameter, Tensor]], lr: float) -> None:
        rows = [i for i, _, _ in moving]
        adam(
            [parameter for _, parameter, _ in moving],
            [gradient for _, _, gradient in moving],
            [self.first[i] for i in rows],
            [self.second[i] for i in rows],
            [],
            [self.steps[i] for i in rows],
            amsgrad=False,
            beta1=self.spec.betas[0],
            beta2=self.spec.betas[1],
            lr=lr,
            weight_decay=self.spec.weight_decay,
            eps=self.EPS,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """Both moments and the step count of each parameter."""
        lists = {"first": self.first, "second": self.second, "steps": self.steps}
        return {f"{name}.{i}": tensor for name, tensors in lists.items() for i, tensor in enumerate(tensors)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore moments and step counts."""
        for name, tensor in state.items():
            kind, i = name.split(".")
            getattr(self, kind)[int(i)].copy_(tensor)


def optimizer_for(model: nn.Module, spec: TrainSpec) -> Stepper:
    """The recipe's optimizer over the model's parameters."""
    match spec.optimizer:
        case SGDSpec() as chosen:
            return SGD(model.parameters(), chosen)
        case AdamSpec() as chosen:
            return Adam(model.parameters(), chosen)
