"""Algorithms that minimise the cost of a network."""

from typing import Any

from .._registry import resolve
from ._adam import Adam
from ._base import Cost, Outcome, Run, Solver
from ._gradient_descent import GradientDescent
from ._lbfgs import LBFGS
from ._least_squares import LeastSquares
from ._stochastic import Epoch, Lane, Stochastic

SOLVERS: dict[str, type[Solver]] = {
    "adam": Adam,
    "gradient_descent": GradientDescent,
    "lbfgs": LBFGS,
    "least_squares": LeastSquares,
}


def as_solver(value: Any) -> Solver:
    """Return the solver given by name or instance."""
    return resolve(value, SOLVERS, Solver, "solver")


__all__ = [
    "LBFGS",
    "SOLVERS",
    "Adam",
    "Cost",
    "Epoch",
    "GradientDescent",
    "Lane",
    "LeastSquares",
    "Outcome",
    "Run",
    "Solver",
    "Stochastic",
    "as_solver",
]
