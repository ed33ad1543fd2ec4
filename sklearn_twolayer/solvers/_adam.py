"""Adam with a learning-rate schedule and decoupled weight decay."""

from copy import copy
from math import cos, pi, prod
from typing import Any, NamedTuple

import numpy as np

from .._checks import check_choice, check_number
from ._base import Outcome, Run
from ._scales import ScaledInputs
from ._stochastic import Stochastic

#: Entries of a parameter vector that are updated at a time, to stay in the cache of a core.
SLICE = 2**16

#: Default number of epochs; more for few rows and fewer for many, so that epochs times rows lie
#: between these bounds.
EPOCHS, ROW_VISITS = 40, (60_000, 1_000_000)

#: Default dropout of a single network, and the most of several, which have more for few rows.
DROPOUT, MOST_DROPOUT = 0.1, 0.4

#: Steps after which the rate begins to fall, if their total number is not known.
FULL_STEPS = 100


def default_dropout(n_networks: int, n_rows: float) -> float:
    """Return the default dropout: if there are several networks, it depends on the rows.

    Examples
    --------
    >>> [round(default_dropout(8, n), 2) for n in (100, 300, 1000, 3000, 10_000)]
    [0.4, 0.37, 0.2, 0.12, 0.0]
    >>> default_dropout(1, 100)
    0.1
    """
    if n_networks == 1:
        return DROPOUT
    of_few = min((40 / n_rows) ** 0.5, MOST_DROPOUT)
    return of_few if of_few > DROPOUT else 0.0


class Moments(NamedTuple):
    """Decaying sums of the gradient and of its square."""

    n_steps: int
    first: np.ndarray
    second: np.ndarray


class Adam(Stochastic):
    """Adam (Kingma & Ba, 2015) on batches of rows.

    Parameters
    ----------
    learning_rate : float, default=0.02
        The learning rate; with a schedule, its maximum.
    batch_size : int or None, default=128
        Number of rows in a batch; None for all rows.
    beta_1, beta_2 : float, default=0.9, 0.95
        Decay rates of the running means of the gradient and of its square.
    epsilon : float, default=1e-8
        Added to the root of the mean square, for numerical stability.
    dropout : float, optional
        Fraction of the embedding's outputs that is set to zero, drawn again for each row and step;
        rounded to a multiple of 1/256. If it is None, 0.1 for a single network; for several, which
        are averaged, the square root of 40 / n for n rows, at most 0.4, and zero for more than
        4,000 rows and in `partial_fit`.
    weight_decay : float, default=0.0
        Each step shrinks the parameters by this fraction times the learning rate, separately from
        the gradient ("decoupled", Loshchilov & Hutter, 2019), also the scales of columns. Unlike
        `alpha` of the estimator, it is not part of the cost.
    schedule : {"cosine", "constant"}, default="cosine"
        "cosine": the learning rate rises during the first part (`warmup`) of the `max_iter` epochs
        and then falls to zero as a cosine; training always runs to the end. "constant": training
        ends when the cost no longer decreases.
    warmup : float, default=0.05
        Fraction of the epochs during which the cosine schedule rises.
    scale_rate : float or None, default=20.0
        The weights of each input column have a common factor, which is learned this many times as
        fast as they are: columns of noise lose their influence (as in RealMLP, with a rate of 6;
        Holzmueller, Grinsztajn & Steinwart, 2024). None: no factors.
    dtype : str or None, default="float32"
        Floating type used in training; None for that of the inputs. The noise of batches is far
        larger than the rounding errors of single precision, which takes half the time.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_twolayer import TwoLayerClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TwoLayerClassifier(solver=Adam(learning_rate=0.01), random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        learning_rate: float = 0.02,
        *,
        batch_size: int | None = 128,
        beta_1: float = 0.9,
        beta_2: float = 0.95,
        epsilon: float = 1e-8,
        dropout: float | None = None,
        weight_decay: float = 0.0,
        schedule: str = "cosine",
        warmup: float = 0.05,
        scale_rate: float | None = 20.0,
        dtype: str | None = "float32",
    ):
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.warmup = warmup
        self.scale_rate = scale_rate
        self.dtype = dtype

    def check_parameters(self):
        super().check_parameters()
        check_number("beta_1", self.beta_1, "[0, 1)")
        check_number("beta_2", self.beta_2, "[0, 1)")
        check_number("epsilon", self.epsilon, "(0, inf)")
        if self.dropout is not None:
            check_number("dropout", self.dropout, "[0, 0.99]")
        check_number("weight_decay", self.weight_decay, "[0, inf)")
        check_choice("schedule", self.schedule, ("cosine", "constant"))
        check_number("warmup", self.warmup, "[0, 1]")
        if self.scale_rate is not None:
            check_number("scale_rate", self.scale_rate, "[1e-6, 1e6]")
        check_choice("dtype", self.dtype, ("float32", "float64", None))

    @property
    def stops_on_plateau(self):
        """Whether training ends when the cost no longer decreases by `tol`."""
        return self.schedule == "constant"

    def working_dtype(self, dtype):
        return dtype if self.dtype is None else np.dtype(self.dtype)

    def default_max_iter(self, n_rows):
        fewest, most = (visits // n_rows for visits in ROW_VISITS)
        return int(np.clip(EPOCHS, min(fewest, 5 * EPOCHS), max(most, 2)))

    def minimize(self, objective, params, run: Run, state=None) -> Outcome:
        solver = self
        if self.dropout is None:
            solver = copy(self)
            n_rows = objective.n_rows if run.n_iter is None else np.inf  # with others to come
            solver.dropout = default_dropout(len(params), n_rows)
        known: Any = getattr(state, "params", None)
        if self.scale_rate is None or not objective.input_weights(params).size:
            if known is not None:  # moments with scales are of no use
                state = state._replace(moments=[], params=None)
            return super(Adam, solver).minimize(objective, params, run, state)
        cost = ScaledInputs.of(objective, self.scale_rate)
        start = cost.start(params.astype(objective.dtype))
        if cost.leads_to(known, params):
            start = known
        elif state is not None:  # new moments
            state = state._replace(moments=[])
        scaled_run = run._replace(
            on_iteration=lambda params, loss: run.on_iteration(cost.scaled(params), loss)
        )
        outcome = super(Adam, solver).minimize(cost, start, scaled_run, state)
        state = outcome.state._replace(params=outcome.params)
        return outcome._replace(params=cost.scaled(outcome.params), state=state)

    def mask_source(self, rng):
        if not self.dropout:
            return None
        threshold = round(256 * self.dropout)
        scale = 256 / (256 - threshold)

        def draw_mask(shape, dtype):
            draws = np.frombuffer(rng.bytes(prod(shape)), dtype=np.uint8).reshape(shape)
            return (draws >= threshold) * dtype.type(scale)

        return draw_mask

    def start(self, params):
        return Moments(0, np.zeros_like(params), np.zeros_like(params))

    def step(self, params, gradient, moments, progress):
        t = moments.n_steps + 1
        # The moments are kept without their factors 1 - beta, to save passes over memory:
        # these and the two corrections for the start from zero end up in `size` and `epsilon`.
        root = ((1 - self.beta_2**t) / (1 - self.beta_2)) ** 0.5
        rate = self._rate(progress, moments.n_steps)
        size = rate * root * (1 - self.beta_1) / (1 - self.beta_1**t)
        epsilon = self.epsilon * root
        decay = rate * self.weight_decay
        arrays = (
            params.reshape(-1),
            gradient.reshape(-1),
            *(moment.reshape(-1) for moment in moments[1:]),
        )
        for start in range(0, params.size, SLICE):
            p, g, first, second = (array[start : start + SLICE] for array in arrays)
            first *= self.beta_1
            first += g
            g *= g
            second *= self.beta_2
            second += g
            np.sqrt(second, out=g)
            g += epsilon
            np.divide(first, g, out=g)
            g *= size
            if decay:
                p *= 1 - decay
            p -= g
        return moments._replace(n_steps=t)

    def _rate(self, progress, n_steps):
        if self.schedule == "constant":
            return self.learning_rate
        if progress is None:
            return self.learning_rate * (1 + n_steps / FULL_STEPS) ** -0.5
        if progress < self.warmup:
            return self.learning_rate * (progress + 1e-3) / (self.warmup + 1e-3)
        done = (progress - self.warmup) / max(1 - self.warmup, 1e-12)
        return self.learning_rate * 0.5 * (1 + cos(pi * done))
