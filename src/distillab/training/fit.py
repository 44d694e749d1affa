"""The one training loop: every teacher, assistant, student and knockoff goes through it.

Every epoch draws its order, augmentation and dropout from streams named by the epoch, so a training resumed from
a checkpoint ends with the bytes of an uninterrupted one.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from distillab.core.errors import ContractError, SpecError
from distillab.core.generators import forked, generator
from distillab.core.shapes import Images, Logits
from distillab.data.dataset import Batch, ImageSource, batches
from distillab.specs.augment import AugmentSpec
from distillab.specs.train import TrainSpec
from distillab.training.checkpoint import History, load_checkpoint, save_checkpoint
from distillab.training.objective import Objective
from distillab.training.optimizers import Stepper, optimizer_for
from distillab.training.precision import kernels_of
from distillab.training.schedules import learning_rate

Progress = Callable[[int, dict[str, float]], None]
"""Called after each epoch with its number and its record."""


def fit(  # noqa: PLR0913 - a training is this many things
    model: nn.Module,
    images: ImageSource,
    index: Tensor,
    objective: Objective,
    *,
    spec: TrainSpec,
    augment: AugmentSpec,
    seed: int,
    checkpoint: Path | None = None,
    origin: str = "",
    progress: Progress = lambda _epoch, _record: None,
) -> History:
    """Train ``model`` in place on ``images`` at ``index`` and return one record per epoch.

    Args:
        model: on the training device; left in eval mode.
        images: all training images, given out on the model's device.
        index: positions of the training split, int64, on the CPU.
        objective: per-example terms; their sum, averaged over the mini-batch, is minimized.
        spec: the recipe.
        augment: applied to every training batch on the device.
        seed: root of the streams ``order``, ``augment`` and ``dropout``.
        checkpoint: resumed from if it exists, rewritten every ``spec.checkpoint_every`` epochs.
        origin: what the training is and stands on; a checkpoint of another origin is not resumed from.
        progress: told of each finished epoch.

    Raises:
        ContractError: a term is not finite; names the epoch and the term, and nothing is saved.
        SpecError: the last mini-batch is a single image, and the network normalizes one number per channel of it.
    """
    step_model = Prepared(model, spec)
    optimizer = optimizer_for(model, spec)
    history = load_checkpoint(checkpoint, model, optimizer, objective, origin=origin) if checkpoint else []
    for epoch in range(len(history), spec.epochs):
        model.train()
        objective.begin_epoch(epoch, step_model)
        order, stream = generator(seed, "order", epoch), generator(seed, "augment", epoch)
        views = batches(images, index, batch_size=spec.batch_size, order=order, augment=augment, stream=stream)
        with forked(seed, "dropout", epoch), _single_images_named(len(index), spec):
            record = _epoch(step_model, optimizer, objective, views, epoch=epoch, count=len(index))
        record |= objective.diagnostics(step_model)
        history.append(record)
        progress(epoch, record)
        if checkpoint and (epoch + 1) % spec.checkpoint_every == 0 and epoch + 1 < spec.epochs:
            save_checkpoint(checkpoint, model, optimizer, objective, history, origin=origin)
    model.eval()
    return history


class Prepared(nn.Module):
    """A network in the recipe's memory format, precision and compilation; its logits are float32 whatever they are."""

    def __init__(self, model: nn.Module, spec: TrainSpec) -> None:
        super().__init__()
        self.spec = spec
        self.network = model
        self.memory_format = torch.channels_last if spec.channels_last else torch.contiguous_format
        model.to(memory_format=self.memory_format)  # type: ignore[call-overload]
        self.model: nn.Module = torch.compile(model) if spec.compile else model  # type: ignore[assignment]

    def forward(self, x: Images) -> Logits:
        """Float32 logits of the wrapped network."""
        x = x.contiguous(memory_format=self.memory_format)
        half = torch.autocast(x.device.type, torch.bfloat16, enabled=self.spec.precision == "bfloat16")
        with half, kernels_of(self.spec, x.device):
            logits: Tensor = self.model(x)
        return logits.float()


def network_of(model: nn.Module) -> nn.Module:
    """The network itself, of a model that `fit` trains: its layers can be read, but recipes do not reach it."""
    return model.network if isinstance(model, Prepared) else model


def _epoch(
    model: Prepared,
    optimizer: Stepper,
    objective: Objective,
    views: Iterable[Batch],
    *,
    epoch: int,
    count: int,
) -> dict[str, float]:
    spec = model.spec
    steps = math.ceil(count / spec.batch_size)
    sums: dict[str, list[Tensor]] = {}
    lr = 0.0
    for position, batch in enumerate(views):
        lr = learning_rate(spec, epoch * steps + position, steps)
        terms = objective.terms(model, batch)
        optimizer.zero_grad()
        with kernels_of(spec, batch.x.device):
            torch.stack(list(terms.values())).sum(0).mean().backward()
        if spec.clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), spec.clip_norm)
        optimizer.step(lr)
        objective.end_step()
        for name, term in terms.items():
            sums.setdefault(name, []).append(term.detach().double().sum())
    return _record({name: torch.stack(values).cpu() for name, values in sums.items()}, count, epoch) | {"lr": lr}


@contextmanager
def _single_images_named(count: int, spec: TrainSpec) -> Iterator[None]:
    """In one line, what torch says of batch statistics of a single number."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise SpecError(
            "batch normalization has no statistics of a single image",
            where="batch_size",
            expected="no mini-batch of one image",
            got=f"{count} images in batches of {spec.batch_size}",
            do="choose another batch_size",
        ) from error


def _record(sums: dict[str, Tensor], count: int, epoch: int) -> dict[str, float]:
    _refuse_divergence(sums, epoch)
    record = {name: float(values.sum()) / count for name, values in sums.items()}
    return record | {"total": sum(record.values())}


def _refuse_divergence(sums: dict[str, Tensor], epoch: int) -> None:
    """Name the term that was the first to diverge: one step later its gradient has spoiled all the others."""
    first = {
        name: int((~values.isfinite()).nonzero()[0]) for name, values in sums.items() if not values.isfinite().all()
    }
    if first:
        name = min(first, key=lambda term: first[term])
        raise ContractError(
            f"training diverged in epoch {epoch + 1}",
            where=f"term {name!r}",
            expected="a finite loss",
            got=str(float(sums[name][first[name]])),
            do="lower the learning rate, add warm-up or clip the gradient norm",
        )
