"""Parameters that are out of range, of another type, or do not suit each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from sklearn_twolayer import (
    LBFGS,
    Adam,
    Dense,
    GradientDescent,
    LeastSquares,
    Passthrough,
    Radial,
    RBFNetwork,
)
from sklearn_twolayer.activations import ELU, LeakyReLU
from sklearn_twolayer.embeddings import Concatenation
from sklearn_twolayer.input_maps import PiecewiseLinearMap, RobustMap, StandardMap
from sklearn_twolayer.losses import Huber, Poisson, Quantile
from sklearn_twolayer.radial import WIDTHS

from .components import Unusable, bad_clusterer, bad_transformer
from .dice import Dice

#: What is nonsense almost everywhere, and a valid value here and there.
JUNK = (
    None,
    True,
    0,
    -1,
    1.5,
    -0.0,
    float("nan"),
    float("inf"),
    1e-320,
    1 + 2j,
    "nonsense",
    "",
    b"bytes",
    [],
    [1.0, 2.0],
    (),
    {},
    {"a": 1},
    {1, 2},
    np.array([1.0, 2.0]),
    np.array(["a", "b"]),
    np.array([]),
    np.float64(2.0),
    np.int64(3),
    np.bool_(True),
    np.array(3),
    range(3),
    int,
    len,
    Unusable(),
    Adam,
    Dense,
    LinearRegression(),
)
#: A number beyond all floats, which is no good size of a loop.
BEYOND = 10**400
#: Parameters that count what is done or made.
COUNTS = (
    "max_iter",
    "n_estimators",
    "n_iter_no_change",
    "n_units",
    "n_jobs",
    "n_centers",
)


def junk(dice: Dice, name: str = "") -> Any:
    """Return a value that hardly suits a parameter of this name."""
    if name not in COUNTS and dice.chance(0.05):
        return BEYOND
    return dice.one(JUNK)


def _deep(depth):
    """Return an embedding of so many branches, more than the operators themselves allow."""
    embedding = Dense(1)
    for _ in range(depth):
        embedding = Concatenation(embedding, Dense(1))
    return embedding


def _embedding(dice):
    return dice.one(
        [
            Dense(junk(dice, "n_units")),
            Dense(2, junk(dice)),
            Dense(2, ELU(junk(dice))),
            Dense(2, LeakyReLU(junk(dice))),
            Dense(2, (np.tanh, None)),
            Dense(2, (len, len)),
            Dense(2, (np.sum, np.sum)),
            Dense(2) + Dense(3),
            Dense(2) * (Dense(1) + Dense(3)),
            Passthrough() + Dense(1),
            Passthrough(),
            Dense(2) | Radial(junk(dice, "n_units")),
            Radial(2, junk(dice)),
            Radial(2, (len, len)),
            Radial(2, "thin_plate", normalize=True),
            Radial(2, centers=junk(dice)),
            Radial(2, centers=bad_clusterer(dice)),
            Radial(2, centers=np.full((2, 1), np.nan)),
            Radial(2, centers=np.ones((3, 200))),
            Radial(2, centers="all"),
            Radial(2, widths=junk(dice)),
            Radial(2, widths=[1.0, 2.0, 3.0]),
            Radial(2, shape=junk(dice)),
            Radial(2, shared=junk(dice)),
            Radial(2, normalize=junk(dice)),
            Radial(2000, centers="random"),
            _deep(200),
            "radial",
            "Dense",
        ]
    )


def _solver(dice):
    names = (
        "beta_1",
        "beta_2",
        "epsilon",
        "dropout",
        "weight_decay",
        "schedule",
        "warmup",
        "dtype",
    )
    return dice.one(
        [
            Adam(junk(dice)),
            Adam(1e30),
            Adam(1e300),
            Adam(batch_size=junk(dice)),
            Adam(**{dice.one(names): junk(dice)}),
            Adam(schedule="constant", warmup=junk(dice)),
            GradientDescent(junk(dice)),
            GradientDescent(1e30),
            GradientDescent(batch_size=junk(dice)),
            GradientDescent(momentum=junk(dice)),
            LBFGS(junk(dice)),
            LBFGS(10**9),
            LeastSquares(junk(dice)),
            LeastSquares(max_parameters=junk(dice)),
            LeastSquares(max_parameters=1),
            LeastSquares(1e-300),
            "ADAM",
        ]
    )


def _input_map(dice):
    return dice.one(
        [
            StandardMap(junk(dice)),
            StandardMap(0.0),
            RobustMap(junk(dice)),
            RobustMap(1e-300),
            PiecewiseLinearMap(junk(dice)),
            PiecewiseLinearMap(clip=junk(dice)),
            PiecewiseLinearMap(max_coordinates=junk(dice)),
            bad_transformer(dice),
            bad_transformer(dice),
            "Standard",
        ]
    )


def _loss(dice):
    return dice.one(
        [Quantile(junk(dice)), Huber(junk(dice)), Poisson(), "gamma", "log_loss", "mse", "hinge"]
    )


def _scoring(dice):
    names = ["roc_auc", "roc_auc_ovr", "r2", "accuracy", "neg_log_loss", "f1", "max_error"]
    names += ["neg_mean_squared_log_error", "average_precision", "adjusted_rand_score"]
    return dice.one([*names, "Loss", ["r2", "accuracy"], lower, nothing, raises_nothing_known])


def lower(estimator, X, y):
    """Return a score that falls at each call, as text."""
    return "low"


def nothing(estimator, X, y):
    """Return no score."""


def raises_nothing_known(y_true, y_pred):
    """Return the score of a metric, which is no scorer."""
    return 1.0


def _class_weight(dice):
    weights = [{0: 2.0}, {0: -1.0, 1: 1.0}, {"red": 0.0}, {0: "heavy"}, {0: None}, {0: np.nan}]
    return dice.one([*weights, "Balanced", [1.0, 2.0], [{0: 1.0}], {0: 1e300, 1: 1e-300}])


def _centers(dice):
    arrays = [np.full((2, 2), np.nan), np.ones((2, 300)), np.ones(3), np.ones((0, 2))]
    arrays += [np.ones((2, 2, 2)), np.full((2, 2), 1e300), np.full((2, 2), "red"), [[1.0], [1, 2]]]
    return dice.one([*arrays, bad_clusterer(dice), bad_clusterer(dice), "all rows"])


def _width(dice):
    return dice.one(
        [
            [],
            [1.0, -1.0],
            np.ones(3),
            [[1.0]],
            1e-300,
            1e300,
            ["a"],
            [None, 1.0],
            WIDTHS["nearest"](junk(dice)),
            WIDTHS["nearest"],
            "maximum",
        ]
    )


def _refine(dice):
    wrong = ["width+", "+", "auto+width", "metrics", ("width", None), ["auto"], [["width"]]]
    return dice.one([*wrong, {"width"}, "width width", ("gradient", "gradient"), "metric+width"])


#: Parameters with faults of their own.
OWN: dict[str, Callable] = {
    "embedding": _embedding,
    "solver": _solver,
    "input_map": _input_map,
    "loss": _loss,
    "scoring": _scoring,
    "class_weight": _class_weight,
    "centers": _centers,
    "width": _width,
    "refine": _refine,
    "activation": lambda dice: dice.one([(np.tanh,), (np.tanh, 1), (len, len), "ReLU"]),
    "kernel": lambda dice: dice.one([(np.exp,), (np.exp, 1), (len, len), "rbf", Radial]),
    "blend": lambda dice: dice.one(["radial", "scale", "mean", "none"]),
    "soft_targets": lambda dice: dice.one(["multiclass", "multilabel", "soft"]),
    "random_state": lambda dice: dice.one([np.random.default_rng(0), 2**32, -1, "0", 1.0]),
}


def corrupt(dice: Dice, estimator: Any) -> str:
    """Give one or two parameters of an estimator other values; return which."""
    names = list(estimator.get_params(deep=False))
    changed = []
    for _ in range(dice.weighted({1: 0.8, 2: 0.2})):
        name = dice.one([name for name in OWN if name in names]) if dice.chance(0.6) else None
        name = name or dice.one(names)
        own = name in OWN and dice.chance(0.7)
        # Not by set_params: a constructor takes whatever it is given.
        setattr(estimator, name, OWN[name](dice) if own else junk(dice, name))
        changed.append(name)
    if isinstance(estimator, RBFNetwork) and "max_iter" in changed:
        estimator.refine = "gradient"
    return ", ".join(changed)
