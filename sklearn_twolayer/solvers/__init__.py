"""Ways to minimise the cost of a network."""

from typing import Any

from .._registry import resolve
from ._adam import Adam
from ._base import Objective, Outcome, Run, Solver
from ._gradient_descent import GradientDescent
from ._lbfgs import LBFGS

SOLVERS: dict[str, type[Solver]] = {
    "adam": Adam,
    "gradient_descent": GradientDescent,
    "lbfgs": LBFGS,
}


def as_solver(value: Any) -> Solver:
    """Return the solver that a name or an instance stands for."""
    return resolve(value, SOLVERS, Solver, "solver")


__all__ = [
    "LBFGS",
    "SOLVERS",
    "Adam",
    "GradientDescent",
    "Objective",
    "Outcome",
    "Run",
    "Solver",
    "as_solver",
]
