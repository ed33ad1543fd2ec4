"""Value and gradient over all rows, in single precision."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier

from sklearn_twolayer._blas import single_threaded_blas
from sklearn_twolayer.embeddings import as_embedding
from sklearn_twolayer.links import SoftmaxLink
from sklearn_twolayer.losses import LogLoss
from sklearn_twolayer.network import Network
from sklearn_twolayer.objective import Objective
from sklearn_twolayer.rows import Rows

from . import peers
from .limits import product_rate
from .measuring import Row, at_least, faster, interleaved, quietly, spread
from .problems import CORES, Size, classes

TITLE = "Value and gradient over all rows"
NOTE = (
    "Single precision, all cores. The peak is that of one large matrix product in the same "
    "rounds. The share counts only the multiplications and additions of the network's matrix "
    "products, with one product for branches that share their input. scikit-learn: value and "
    "gradient of MLPClassifier within L-BFGS. PyTorch, eager and compiled: "
    "forward and backward; JAX: jitted, without compilation."
)
SIZES = {Size(20_000, 100, 300, 10): 60.0, Size(100_000, 30, 100, 5): 35.0}
OTHERS = ("gated", "skip", "residual", "rbf")


class TimedMLP(MLPClassifier):
    """scikit-learn's network, which records the time of its gradients."""

    def _loss_grad_lbfgs(self, *args, **kwargs):
        start = time.perf_counter()
        result = super()._loss_grad_lbfgs(*args, **kwargs)
        self.times_.append(time.perf_counter() - start)
        return result


def run(quick: bool) -> list[Row]:
    """Measure the gradients."""
    rows = []
    for size, share in SIZES.items():
        size = size.quick() if quick else size
        rows += _beside_peers(size, share, quick)
        rows += _of_embeddings(size, share, quick)
    return rows


def _beside_peers(size, share, quick):
    X, y = classes(size)
    gradient, operations = our_gradient(size, X, y, "dense")
    peak, peak_operations = product_rate(np.float32, quick)
    functions = {"ours": gradient, "peak": peak, "scikit-learn": _sklearn(size, X, y)}
    functions |= peers.gradients(size, X, y)
    times = interleaved(functions, 3 if quick else 9)
    case = str(size)
    shares = 100 * operations / times["ours"] / (peak_operations / times["peak"])
    return [
        spread(case, "dense: ours", 1e3 * times["ours"], "ms"),
        spread(case, "dense: share of the peak", shares, "%", at_least(share)),
        faster(case, times, "ours", "scikit-learn", at_least(3)),
        *peers.ratios(case, times),
    ]


def _of_embeddings(size, share, quick):
    X, y = classes(size)
    peak, peak_operations = product_rate(np.float32, quick)
    functions, operations = {"peak": peak}, {}
    for name in OTHERS:
        functions[name], operations[name] = our_gradient(size, X, y, name)
    times = interleaved(functions, 3 if quick else 5)
    rate = peak_operations / times["peak"]
    rows = []
    for name in OTHERS:
        shares = 100 * operations[name] / times[name] / rate
        rows.append(spread(str(size), f"{name}: share of the peak", shares, "%", at_least(share)))
    return rows


def our_gradient(size: Size, X, y, preset: str):
    """Return a function for value and gradient, and the operations of its matrix products."""
    network = Network(as_embedding(preset, size.n_units), size.n_features, size.n_classes)
    targets = np.eye(size.n_classes, dtype=X.dtype)[y]
    rows = Rows(X, None, X.dtype, CORES).labelled(targets, np.ones(size.n_rows)).keep()
    objective = Objective(network, LogLoss(), SoftmaxLink(), rows, alpha=1e-4)
    params = network.initialize(rows, np.random.RandomState(0))[None]

    def gradient():
        with single_threaded_blas():
            objective.loss_and_gradient(params)

    first = network.embedding.n_projections or network.width
    per_row = 4 * (size.n_features + 1) * first + 6 * network.width * size.n_classes
    return gradient, size.n_rows * per_row


def _sklearn(size, X, y):
    mlp = TimedMLP((size.n_units,), solver="lbfgs", max_iter=2, random_state=0)
    fit = quietly(lambda: mlp.fit(X, y))

    def gradient():
        mlp.times_ = []
        fit()
        return float(np.median(mlp.times_))

    return gradient
