"""AutoAttack: four attacks without parameters to tune, one after the other on the examples that are left."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from jaxtyping import Int
from pydantic import Field
from torch import Tensor

from distillab.attacks.precision import precision_of, rounding
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.bounds import PixelLength, Steps
from distillab.core.errors import SpecError
from distillab.core.generators import ExampleNoise, forked
from distillab.core.shapes import Images, Labels
from distillab.losses.margins import difference_of_logits, is_adversarial
from distillab.specs.attack import AttackSpec

if TYPE_CHECKING:
    from pyautoattack.autopgd_base import APGDAttack

TARGETS = 9
"""Classes that the targeted attacks try, in the order of their logits; fewer where there are fewer."""

FEWEST_CLASSES = 4
"""The targeted DLR loss looks at the fourth largest logit; without one that attack is left out."""

SMALLEST_SIDE = 5
"""Pixels that an image needs each way in L2, where Square divides it into five parts."""

NAMES = {"linf": "Linf", "l2": "L2"}
"""Norms as the library calls them."""


class AutoAttack(AttackSpec):
    """APGD-CE, APGD-T and FAB-T on nine targets each, and Square: the standard version, by its authors' code.

    Algorithms and settings are the library's; random numbers are not. It draws them from the global generator for a
    whole batch, so that an example's result depends on its batch mates. Here an example's start of APGD comes from
    its own noise, and all examples share the squares. Each attack takes on what the ones before have left, as there.

    Reference: Croce & Hein 2020, section 5; release pyautoattack 0.2.0.
    """

    name: Literal["autoattack"] = "autoattack"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(ge=0, description="Radius of the ball, in pixel units")
    steps: Steps = Field(default=100, ge=1, description="Iterations of APGD and FAB; the standard version has 100")
    queries: Steps = Field(default=5000, ge=1, description="Queries of Square; the standard version has 5000")
    target: Literal["untargeted"] = Field(default="untargeted", description="There is no targeted version")

    kind: ClassVar = "fixed_radius"
    randomized: ClassVar = True
    paper: ClassVar = "Croce & Hein, ICML 2020"
    label: ClassVar = "AutoAttack"

    @property
    def display_name(self) -> str:
        """Fewer iterations than the standard version's are not AutoAttack: it says so."""
        fields = type(self).model_fields
        cut = self.steps < fields["steps"].default or self.queries < fields["queries"].default
        return f"{self.label}, cut short" if cut else self.label

    @property
    def passes(self) -> int:
        """Forward passes of an example that withstands everything; a look at each result is one of them."""
        apgd, fab, square = self.steps + 2, 2 * self.steps + 3, self.queries + 2
        return apgd + TARGETS * (apgd + 1) + TARGETS * fab + square

    @property
    def max_distance(self) -> float:
        """The radius."""
        return self.eps

    def run(
        self, logits_fn: LogitsFn, x: Images, y: Labels, *, noise: ExampleNoise, y_target: Labels | None = None
    ) -> AttackResult:
        """Each attack in turn on the examples that are left.

        Raises:
            SpecError: there are targets, or in L2 images of fewer than 5 pixels a side.
        """
        if y_target is not None:
            raise SpecError("AutoAttack has no targeted version", do="use pgd")
        if self.norm == "l2" and min(x.shape[2:]) < SMALLEST_SIDE:
            got = "x".join(map(str, x.shape[2:]))
            raise SpecError("images too small for AutoAttack in L2", expected="5x5 or more", got=got, do="use pgd")
        ledger = Ledger(x)
        left = _Left(torch.arange(len(x), device=x.device), x, y)
        with torch.no_grad(), precision_of(x):
            for name, attack in _Parts(self, logits_fn, x).in_order():
                if len(left.rows):
                    with forked(noise.root, "autoattack", name):
                        made = attack(left.x, left.y, noise.take(left.rows))
                    left = self._settle(logits_fn, left, made, ledger)
        return ledger.result()

    def _settle(self, logits_fn: LogitsFn, left: "_Left", made: "_Made", ledger: Ledger) -> "_Left":
        """Those that withstood the attack; the others go to the ledger."""
        distance = NORMS[self.norm](made.x_adv - left.x)
        fooled = is_adversarial(difference_of_logits(logits_fn(made.x_adv), left.y))
        found = fooled & (distance <= self.eps + rounding(left.x, self.norm))
        ledger.succeed(left.rows, made.x_adv, distance, which=found)
        ledger.forwards[left.rows] += made.forwards + 1
        ledger.backwards[left.rows] += made.backwards
        return left.take((~found).nonzero().squeeze(1))


@dataclass(frozen=True)
class _Left(Rows):
    """Examples that nothing has fooled yet; ``rows`` are their positions in the attacked batch."""

    rows: Int[Tensor, "n"]
    x: Images
    y: Labels


@dataclass(frozen=True)
class _Made:
    """What an attack has come to, and the passes that it took."""

    x_adv: Images
    forwards: int | Int[Tensor, "n"]
    backwards: int


_Attack = Callable[[Images, Labels, ExampleNoise], _Made]


class _Parts:
    """The library's attacks on one network; ranks count classes from the largest logit, which has rank 1."""

    def __init__(self, spec: AutoAttack, logits_fn: LogitsFn, x: Images) -> None:
        self.logits_fn = logits_fn
        self.classes = logits_fn(x[:1]).shape[1]
        self.steps, self.queries = spec.steps, spec.queries
        self.ball: dict[str, Any] = {"norm": NAMES[spec.norm], "eps": spec.eps, "device": x.device}

    def in_order(self) -> Iterator[tuple[str, _Attack]]:
        """The attacks by name, as the standard version makes them."""
        ranks = range(2, 2 + min(TARGETS, self.classes - 1))
        yield "apgd-ce", self.apgd
        if self.classes >= FEWEST_CLASSES:
            yield from ((f"apgd-t {rank}", partial(self.targeted_apgd, rank)) for rank in ranks)
        yield from ((f"fab-t {rank}", partial(self.targeted_fab, rank)) for rank in ranks)
        yield "square", self.square

    def apgd(self, x: Images, y: Labels, noise: ExampleNoise) -> _Made:
        """Ascent of cross-entropy."""
        from pyautoattack.autopgd_base import APGDAttack

        attack = APGDAttack(self.logits_fn, n_iter=self.steps, loss="ce", **self.ball)
        return _Made(_ascended(attack, x, y, noise), self.steps + 1, self.steps + 1)

    def targeted_apgd(self, rank: int, x: Images, y: Labels, noise: ExampleNoise) -> _Made:
        """Ascent of the targeted difference of logits, relative to their spread."""
        from pyautoattack.autopgd_base import APGDAttack_targeted

        # The library warns of zero gradients; here they are a column of the attack table.
        silent = logging.Logger("autoattack", logging.CRITICAL)
        attack = APGDAttack_targeted(self.logits_fn, n_iter=self.steps, logger=silent, **self.ball)
        attack.y_target = self.logits_fn(x).sort(dim=1).indices[:, -rank]
        return _Made(_ascended(attack, x, y, noise, rank), self.steps + 2, self.steps + 1)

    def targeted_fab(self, rank: int, x: Images, y: Labels, noise: ExampleNoise) -> _Made:  # noqa: ARG002 - draws none
        """The closest point that it finds where the target wins, within the ball or not."""
        from pyautoattack.fab_pt import FABAttack_PT

        attack = FABAttack_PT(self.logits_fn, n_iter=self.steps, **self.ball)
        attack.target_class = rank
        return _Made(attack.attack_single_run(x, y, is_targeted=True), 2 * self.steps + 2, self.steps)

    def square(self, x: Images, y: Labels, noise: ExampleNoise) -> _Made:  # noqa: ARG002 - all examples share its draws
        """Random search without gradients."""
        from pyautoattack.square import SquareAttack

        attack = SquareAttack(self.logits_fn, n_queries=self.queries, resc_schedule=False, **self.ball)
        attack.init_hyperparam(x)
        attack.random_choice = _shared(attack.random_choice)
        queries, x_adv = attack.attack_single_run(x, y)
        return _Made(x_adv, queries.long(), 0)


def _ascended(attack: "APGDAttack", x: Images, y: Labels, noise: ExampleNoise, rank: int = 1) -> Images:
    """The last adversarial point of a run from the example's own start, which the library scales to the boundary."""
    draw = noise.uniform if attack.norm == "Linf" else noise.normal
    drawn = draw(x, "autoattack", rank)
    direction = 2 * drawn - 1 if attack.norm == "Linf" else drawn
    attack.init_hyperparam(x)
    x_adv: Images = attack.attack_single_run(x, y, x_init=x + attack.eps * attack.normalize(direction))[-1]
    return x_adv.detach()


def _shared(draw: Callable[[list[int]], Tensor]) -> Callable[[list[int]], Tensor]:
    """Draws for one example that serve all: how many there are then changes neither these draws nor the next."""

    def call(shape: list[int]) -> Tensor:
        return draw([1, *shape[1:]]).expand(*shape) if len(shape) == 4 else draw(shape)

    return call
