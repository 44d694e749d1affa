"""The linear and mixed-integer programs whose minima bound a margin: one image, sparse, in float64."""

from math import prod
from typing import Any

import numpy as np

from distillab.certify.ball import Ball
from distillab.certify.expressions import Expression, Expressions, Vector, numbers
from distillab.certify.graph import Graph
from distillab.certify.sweep import Bounds, Interval
from distillab.core.errors import ContractError

FEASIBILITY = 1e-6
"""HiGHS' tolerance on the constraints of a mixed-integer program."""


class Program:
    """Minimize a linear function of the logits over an enclosure of the network on one image's ball.

    The variables are the input and every activation's value z; a pre-activation v is an expression of them. Stable
    units are fixed to 0 or to v. Unstable ones satisfy z >= 0, z >= v and the chord z <= u / (u - l) (v - l); or, in
    an ``exact`` program, z <= u a and z <= v - l (1 - a) with a in {0, 1}.

    Reference: Wong & Kolter 2018, section 3.1, with stable units fixed; Tjeng et al. 2019, section 4.1.
    """

    def __init__(self, graph: Graph, ball: Ball, known: Expressions, *, exact: bool = False) -> None:
        self.known = known
        self.exact = exact
        self.first: dict[int, int] = {}
        count = 0
        for position, shape in (
            (0, graph.nodes[0].shape),
            *((p, graph.nodes[p].shape) for p, _, _ in graph.activations),
        ):
            self.first[position] = count
            count += prod(shape) * (2 if self._has_twins(position, ball) else 1)
        self.lower, self.upper, self.integral = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
        self.at_most: list[tuple[Any, Vector]] = []
        self.equal: list[tuple[Any, Vector]] = []
        self._add_input(ball)

    def add_layers(self, bounds: Bounds, image: int) -> None:
        """Add every activation's values, given bounds of the pre-activations of a batch and the image's place in it."""
        for position, (lower, upper) in bounds.items():
            self.add_layer(position, (lower[image], upper[image]))

    def add_layer(self, position: int, interval: Interval) -> None:
        """Add an activation's values, given bounds (*shape) of its pre-activation."""
        low, high = (numbers(side).ravel() for side in interval)
        self._limit(self.first[position], np.maximum(low, 0), np.maximum(high, 0))
        active, unstable = np.flatnonzero(low >= 0), np.flatnonzero((low < 0) & (high > 0))
        v, constant = self._pre_activation(position, active)
        self.equal.append((v - self._variables(position, active), -constant))
        v, constant = self._pre_activation(position, unstable)
        z, below, above = self._variables(position, unstable), low[unstable], high[unstable]
        self.at_most.append((v - z, -constant))
        if self.exact:
            switch = self._variables(position, unstable + len(low))
            self._limit(self.first[position] + len(low), np.zeros(len(low)), ((low < 0) & (high > 0)).astype(float))
            self.integral[self.first[position] + len(low) + unstable] = 1
            self.at_most.append((z - switch.multiply(above[:, None]), np.zeros(len(above))))
            self.at_most.append((z - v - switch.multiply(below[:, None]), constant - below))
        else:
            slope = above / (above - below)
            self.at_most.append((z - v.multiply(slope[:, None]), slope * (constant - below)))

    def minimum(self, expression: Expression, functional: Vector) -> float:
        """A lower bound of functional . v for a pre-activation, or the logits, v.

        It is the value of a dual solution, which the solver's tolerances do not touch, or the solver's own bound less
        its tolerance where integers are involved; -inf where the solver has none.
        """
        cost = np.zeros(len(self.lower))
        for source, matrix in expression.matrices.items():
            cost[self.first[source] : self.first[source] + matrix.shape[1]] += matrix.T @ functional
        return float(functional @ expression.constant) + (self._integer(cost) if self.exact else self._linear(cost))

    def margins(self, y: int) -> Vector:
        """Lower bounds (k,) of Z_y - Z_j."""
        classes = len(self.known.logits.constant)
        identity, found = np.eye(classes), np.zeros(classes)
        for j in (j for j in range(classes) if j != y):
            found[j] = self.minimum(self.known.logits, identity[y] - identity[j])
        return found

    def _linear(self, cost: Vector) -> float:
        """Weak duality: any multipliers give a bound, as what they leave of the cost is bounded over the box."""
        from scipy.optimize import linprog

        (a, b), (a_equal, b_equal) = _stacked(self.at_most), _stacked(self.equal)
        box: Any = np.stack([self.lower, self.upper], axis=1)
        solved = linprog(cost, A_ub=a, b_ub=b, A_eq=a_equal, b_eq=b_equal, bounds=box, method="highs")
        if solved.status != 0:
            return -np.inf
        left, value = cost, 0.0
        if a is not None and b is not None:
            multipliers = np.minimum(solved.ineqlin.marginals, 0)
            left, value = left - a.T @ multipliers, value + b @ multipliers
        if a_equal is not None and b_equal is not None:
            left, value = left - a_equal.T @ solved.eqlin.marginals, value + b_equal @ solved.eqlin.marginals
        return float(value + np.minimum(left * self.lower, left * self.upper).sum())

    def _integer(self, cost: Vector) -> float:
        from scipy.optimize import Bounds as Box
        from scipy.optimize import LinearConstraint, milp

        (a, b), (a_equal, b_equal) = _stacked(self.at_most), _stacked(self.equal)
        constraints = [] if a is None else [LinearConstraint(a, -np.inf, b)]
        constraints += [] if a_equal is None else [LinearConstraint(a_equal, b_equal, b_equal)]
        box = Box(self.lower, self.upper)
        solved = milp(cost, integrality=self.integral, bounds=box, constraints=constraints, options={"mip_rel_gap": 0})
        if solved.status != 0:
            return -np.inf
        bound = solved.fun if solved.mip_dual_bound is None else min(solved.fun, solved.mip_dual_bound)
        return float(bound - FEASIBILITY * (1 + abs(bound)))

    def _has_twins(self, position: int, ball: Ball) -> bool:
        """Whether each variable has a second one beside it: a pixel's absolute change, a unit's switch."""
        return self.exact if position else ball.norm == "l1"

    def _add_input(self, ball: Ball) -> None:
        """The box of pixels and, in L1, t >= |x' - x| with sum t <= eps."""
        from scipy.sparse import csr_array

        lower, upper = (numbers(side).ravel() for side in ball.interval)
        self._limit(0, lower, upper)
        if ball.norm == "l2":
            raise ContractError("an L2 ball is not polyhedral", expected="linf or l1")
        if ball.norm == "l1":
            count, x, eps = len(lower), numbers(ball.x).ravel(), float(ball.eps[0])
            self._limit(count, np.zeros(count), np.full(count, eps))
            pixel, change = (self._variables(0, np.arange(count) + start) for start in (0, count))
            self.at_most += [(pixel - change, x), (-pixel - change, -x)]
            self.at_most.append((csr_array(change.sum(axis=0)[None]), np.array([eps])))

    def _limit(self, first: int, lower: Vector, upper: Vector) -> None:
        self.lower[first : first + len(lower)], self.upper[first : first + len(upper)] = lower, upper

    def _variables(self, position: int, which: Any) -> Any:  # noqa: ANN401 - sparse arrays have no useful type
        """Rows that pick variables of a node."""
        from scipy.sparse import csr_array

        rows = np.arange(len(which))
        shape = (len(which), len(self.lower))
        return csr_array((np.ones(len(which)), (rows, self.first[position] + which)), shape=shape)

    def _pre_activation(self, position: int, which: Any) -> tuple[Any, Vector]:  # noqa: ANN401
        """Rows and constants of some of a layer's pre-activations."""
        from scipy.sparse import csr_array

        expression = self.known.before[position]
        total = csr_array((len(which), len(self.lower)))
        for source, matrix in expression.matrices.items():
            part = matrix[which].tocoo()
            shape = (len(which), len(self.lower))
            total = total + csr_array((part.data, (part.row, part.col + self.first[source])), shape=shape)
        return total, expression.constant[which]


def _stacked(constraints: list[tuple[Any, Vector]]) -> tuple[Any, Any]:
    """One matrix and one right side, or nothing."""
    from scipy.sparse import vstack

    kept = [(matrix, side) for matrix, side in constraints if len(side)]
    if not kept:
        return None, None
    return vstack([matrix for matrix, _ in kept], format="csr"), np.concatenate([side for _, side in kept])
