"""Estimators with parameters that suit each other and the problem."""

from typing import Any

import numpy as np

from sklearn_twolayer import (
    LBFGS,
    Adam,
    Dense,
    GradientDescent,
    LeastSquares,
    Passthrough,
    Radial,
    RBFNetwork,
    TwoLayerClassifier,
    TwoLayerRegressor,
)
from sklearn_twolayer.activations import ACTIVATIONS
from sklearn_twolayer.embeddings import PRESETS, Embedding
from sklearn_twolayer.input_maps import INPUT_MAPS
from sklearn_twolayer.kernels import KERNELS
from sklearn_twolayer.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Huber, Quantile
from sklearn_twolayer.radial import SHAPES, WIDTHS
from sklearn_twolayer.solvers import SOLVERS

from .components import CLUSTERERS, KMEANS, OWN_MAPS, PAIR, SPARSE_TRANSFORMERS, TRANSFORMERS
from .dice import Dice
from .tables import REGRESSION, Table

#: Losses that have no curvature for Gauss-Newton steps.
WITHOUT_CURVATURE = ("absolute_error", "huber", "log_cosh", "quantile")
#: How often a radial-basis network learns a metric, which takes far longer than the rest.
METRIC = 0.15


def draw_estimator(dice: Dice, problem: str, table: Table) -> Any:
    """Return an estimator that should be able to learn the problem."""
    if dice.chance(0.4):
        return RBFNetwork(**radial_parameters(dice, problem, table))
    kind = TwoLayerRegressor if problem in REGRESSION else TwoLayerClassifier
    return kind(**two_layer_parameters(dice, problem, table))


def common_parameters(dice: Dice, problem: str, table: Table) -> dict[str, Any]:
    """Return parameters that all estimators have."""
    parameters = {
        "random_state": dice.integer(0, 2**32 - 1),
        "n_jobs": dice.one([None, 1, 2, -1]),
        "max_iter": dice.integer(1, 4),
        "tol": dice.one([0.0, 1e-4, 0.1]),
    }
    if problem.startswith("soft"):
        kind = {"soft classes": "multiclass", "soft labels": "multilabel"}[problem]
        parameters["soft_targets"] = kind
    elif problem not in REGRESSION and dice.chance(0.25):
        parameters["class_weight"] = class_weight(dice, problem, table)
    return parameters


def class_weight(dice: Dice, problem: str, table: Table) -> Any:
    """Return weights of the classes, of each label where there are several."""
    y = np.asarray(table.y)
    if problem == "labels" and dice.chance(0.5):
        return [{0: 1.0, 1: 2.0}] * y.shape[1]
    if problem == "labels" or dice.chance(0.5):
        return "balanced"
    return {label: dice.one([0.5, 1, 3.0]) for label in np.unique(y).tolist()}


def input_map(dice: Dice, table: Table) -> Any:
    """Return an input map, of the user's own at times."""
    kind = dice.weighted({"name": 0.6, "none": 0.15, "own": 0.15, "user": 0.1 * table.moderate})
    if kind == "none":
        return None
    if kind == "user":
        known = SPARSE_TRANSFORMERS if table.is_sparse else TRANSFORMERS
        return known[dice.one(known)]()
    return OWN_MAPS[dice.one(OWN_MAPS)]() if kind == "own" else dice.one(["auto", *INPUT_MAPS])


# Networks trained by a solver.


def two_layer_parameters(dice: Dice, problem: str, table: Table) -> dict[str, Any]:
    """Return parameters of a TwoLayerClassifier or TwoLayerRegressor."""
    parameters = common_parameters(dice, problem, table)
    parameters |= loss_and_blend(dice, problem)
    parameters["alpha"] = dice.one([3e-4, 0.0, 0.1])
    parameters["input_map"] = input_map(dice, table)
    if is_curved(parameters.get("loss")) and dice.chance(0.15):
        # Normal equations are for few parameters.
        parameters["solver"] = dice.one(["least_squares", LeastSquares(0.1)])
        parameters["embedding"] = Dense(dice.integer(1, 3), dice.one(ACTIVATIONS))
        parameters["input_map"] = dice.one([None, "standard", "robust"])
    else:
        parameters["solver"] = solver(dice)
        parameters |= embedding(dice)
    parameters |= validation(dice, problem)
    parameters["verbose"] = dice.chance(0.1)
    return parameters


def loss_and_blend(dice: Dice, problem: str) -> dict[str, Any]:
    """Return a loss, a number of networks, and what is made of them."""
    parameters, has_partner = {}, True
    if problem in REGRESSION and dice.chance(0.5):
        parameters["loss"] = regression_loss(dice, problem)
        has_partner = parameters["loss"] == "squared_error"
    elif problem not in REGRESSION and dice.chance(0.3):
        parameters["loss"] = dice.one([*CLASSIFICATION_LOSSES, Quantile(0.5), Huber()])
        has_partner = parameters["loss"] == "log_loss"
    n_estimators = dice.one([1, 1, 2, 3])
    blend = "mean" if n_estimators == 1 else dice.one(["mean", "scale"])
    if n_estimators > 1 and has_partner and dice.chance(METRIC):
        blend = dice.one(["radial", "auto"])
    parameters["n_estimators"] = n_estimators
    parameters["blend"] = "auto" if blend == "mean" and n_estimators == 1 else blend
    return parameters


def regression_loss(dice: Dice, problem: str) -> Any:
    """Return a loss for targets of this kind."""
    losses = [*REGRESSION_LOSSES, Quantile(0.9), Huber(0.5)]
    if problem != "positive":
        losses = [loss for loss in losses if loss not in ("poisson", "gamma")]
    return dice.one(losses)


def is_curved(loss: Any) -> bool:
    """Return whether Gauss-Newton steps can be taken."""
    return loss is None or (isinstance(loss, str) and loss not in WITHOUT_CURVATURE)


def solver(dice: Dice) -> Any:
    """Return a solver for networks of any size."""
    name = dice.one([name for name in SOLVERS if name != "least_squares"])
    if dice.chance(0.4):
        return name
    if name == "lbfgs":
        return LBFGS(dice.integer(1, 20))
    rate, batch_size = dice.one([1e-3, 0.02, 0.1]), dice.one([None, 1, 8, 500])
    if name == "gradient_descent":
        return GradientDescent(rate, batch_size=batch_size, momentum=dice.one([0.0, 0.9]))
    return Adam(
        rate,
        batch_size=batch_size,
        dropout=dice.one([0.0, 0.1, 0.5]),
        weight_decay=dice.one([0.0, 0.01]),
        schedule=dice.one(["cosine", "constant"]),
        warmup=dice.one([0.0, 0.05, 1.0]),
        dtype=dice.one(["float32", "float64", None]),
    )


def embedding(dice: Dice) -> dict[str, Any]:
    """Return a first layer, by its name or as an expression."""
    if dice.chance(0.5):
        return {"embedding": expression(dice, dice.integer(1, 5), depth=2)}
    name = dice.one(PRESETS)
    parameters = {"embedding": name, "n_units": dice.integer(1, 5)}
    if PRESETS[name].takes_activation:
        parameters["activation"] = dice.one([None, PAIR, *ACTIVATIONS])
    return parameters


def expression(dice: Dice, width: int, depth: int) -> Embedding:
    """Return an embedding of so many outputs, or more where the input is passed through."""
    if depth == 0 or dice.chance(0.3):
        return (
            Dense(width, dice.one([PAIR, *ACTIVATIONS]))
            if dice.chance(0.6)
            else units(dice, width)
        )
    left = expression(dice, width, depth - 1)
    operator = dice.one("|+*")
    if operator == "|":
        passes = dice.chance(0.2) and depth == 2
        return left | (Passthrough() if passes else expression(dice, 2, depth - 1))
    # Branches that are added or multiplied are of one width.
    left, right = Dense(width, dice.one(ACTIVATIONS)), units(dice, width)
    return left + right if operator == "+" else left * right


def units(dice: Dice, width: int) -> Radial:
    """Return radial units."""
    return Radial(
        width,
        widths=dice.one([*WIDTHS, 0.5, WIDTHS["nearest"](1)]),
        centers=dice.one(["kmeans", "random"]),
        **geometry(dice),
    )


def geometry(dice: Dice) -> dict[str, Any]:
    """Return a kernel, and the shape of radial units."""
    name = dice.one([*KERNELS, PAIR])
    is_positive = isinstance(name, str) and KERNELS[name].positive
    return {
        "kernel": name,
        "shape": dice.weighted(dict(zip(SHAPES, [0.7, 0.15, 0.15], strict=True))),
        "shared": dice.chance(0.7),
        "normalize": is_positive and dice.chance(0.2),
    }


def validation(dice: Dice, problem: str) -> dict[str, Any]:
    """Return parameters of early stopping, at times."""
    if not dice.chance(0.2):
        return {}
    scorings = ["loss", None, "r2" if problem in REGRESSION else "accuracy"]
    if problem in REGRESSION:
        scorings.append("neg_mean_absolute_error")
    if problem in ("two classes", "classes"):
        scorings.append("neg_log_loss")
    return {
        "early_stopping": True,
        "validation_fraction": dice.one([0.2, 0.4]),
        "n_iter_no_change": dice.integer(1, 3),
        "scoring": "loss" if problem.startswith("soft") else dice.one(scorings),
    }


# Radial-basis networks.


def radial_parameters(dice: Dice, problem: str, table: Table) -> dict[str, Any]:
    """Return parameters of an RBFNetwork."""
    parameters = common_parameters(dice, problem, table) | geometry(dice)
    parameters["task"] = "regression" if problem in REGRESSION else "classification"
    parameters["n_centers"] = dice.one([1, 2, 5, *([8] if table.is_tall else [512, None])])
    parameters["input_map"] = input_map(dice, table)
    parameters["centers"] = centers(dice, table, parameters["input_map"])
    parameters["width"] = dice.one([*WIDTHS, "loo", 0.7, WIDTHS["nearest"](3)])
    parameters["linear_tail"] = dice.one([True, False, "auto"])
    parameters["alpha"] = dice.one(["loo", "loo", 0.0, 0.01])
    # Gradient descent may leave for infinity where a kernel grows without bound.
    kernel = parameters["kernel"]
    decays = isinstance(kernel, str) and KERNELS[kernel].decays
    parameters["solver"] = dice.one(["lbfgs", "adam", LBFGS(3), *["gradient_descent"] * decays])
    parameters["refine"] = refinement(dice, parameters)
    parameters["warm_start"] = "gradient" in (parameters["refine"] or "") and dice.chance(0.3)
    parameters["verbose"] = dice.chance(0.1)
    if problem in REGRESSION and dice.chance(0.3):
        parameters["loss"] = regression_loss(dice, problem)
    return parameters


def centers(dice: Dice, table: Table, mapped_by: Any) -> Any:
    """Return a rule for centres, a clusterer, or some of the rows."""
    kind = dice.weighted({"rule": 0.75, "clusterer": 0.1 * table.moderate, "array": 0.15})
    if kind == "rule":
        return dice.one(["kmeans", "random", "kmeans" if table.is_tall else "all"])
    if kind == "array":
        return table.plain[:3] if table.moderate and hasattr(table.X, "dtype") else "kmeans"
    may_be_sparse = table.is_sparse or hasattr(mapped_by, "fit")
    known = KMEANS if may_be_sparse or table.is_tall else CLUSTERERS
    return known[dice.one(known)]()


def refinement(dice: Dice, parameters: dict[str, Any]) -> Any:
    """Return steps that go with the rest."""
    steps = [step for step in ("width", "gradient") if dice.chance(0.4)]
    if parameters["shared"] and not parameters["normalize"] and dice.chance(0.3):
        steps.insert(0, "metric")
    if dice.chance(METRIC):
        return "auto"
    return dice.one([steps or None, "+".join(steps) or None, tuple(steps)])
