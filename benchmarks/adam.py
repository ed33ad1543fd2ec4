"""An epoch of Adam on small batches."""

from sklearn.neural_network import MLPClassifier

from . import peers
from .measuring import Row, at_least, faster, interleaved, quietly, spread
from .problems import BATCH, Size, classes, one_network

TITLE = "An epoch of Adam"
NOTE = (
    "Single precision, batches of 256, one network without dropout: a tenth of the time of a fit "
    "with ten epochs, including the set-up, also for scikit-learn. PyTorch, eager and compiled, "
    "and jitted JAX: a permutation and its rows batch by batch, without compilation."
)
SIZES = (
    Size(100_000, 30, 100, 5),
    Size(50_000, 20, 100, 2),
    Size(50_000, 30, 100, 2),
    Size(20_000, 100, 300, 10),
)
EPOCHS = 10


def run(quick: bool) -> list[Row]:
    """Measure the epochs."""
    rows = []
    for size in SIZES:
        size = size.quick() if quick else size
        X, y = classes(size)
        functions = {"ours": _ours(size, X, y), "scikit-learn": _sklearn(size, X, y)}
        functions |= peers.epochs(size, X, y, EPOCHS)
        times = interleaved(functions, 3 if quick else 7)
        rows.append(spread(str(size), "ours", 1e3 * times["ours"] / EPOCHS, "ms"))
        rows.append(faster(str(size), times, "ours", "scikit-learn", at_least(3)))
        rows += peers.ratios(str(size), times)
    return rows


def _ours(size, X, y):
    model = one_network(size.n_units, n_jobs=-1, max_iter=EPOCHS)
    return lambda: model.fit(X, y)


def _sklearn(size, X, y):
    # It would stop early only after this number of epochs without improvement.
    mlp = MLPClassifier((size.n_units,), batch_size=BATCH, max_iter=EPOCHS, random_state=0)
    return quietly(lambda: mlp.fit(X, y))
