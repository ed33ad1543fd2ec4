"""The measurements of `scale` in a separate process, printed as JSON."""

import json
import resource
import sys
import warnings
from pathlib import Path

import numpy as np

from .measuring import seconds
from .problems import Size, classes, one_network

MEGABYTE = 2**20


def memory(n_rows: int) -> dict:
    """Return the peak memory of fits and predictions above that before, in MB."""
    size = Size(n_rows, 20, 100, 2)
    X, y = classes(size)
    models = {
        "adam": one_network(100, max_iter=1, n_jobs=-1),
        "lbfgs": one_network(100, solver="lbfgs", max_iter=3, n_jobs=-1),
    }
    for model in models.values():  # loaded once, independent of the rows
        model.fit(X[:3000], y[:3000]).predict(X[:3000])
    found = {
        f"{name}, fit": peak(lambda model=model: model.fit(X, y)) for name, model in models.items()
    }
    return found | {"predict": peak(lambda: models["adam"].predict(X))}


def peak(function) -> float:
    """Return the peak of the memory during a call above that before it, in MB."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _status("VmRSS")
    function()
    return (_status("VmHWM") - before) / MEGABYTE


def disk(n_rows: int, path: str, megabytes: int) -> dict:
    """Fit and predict rows of a file that is larger than the memory."""
    n_features = 100
    size = (n_rows, n_features)
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=size)
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, 10_000):
        part = rows[start : start + 10_000]
        part[...] = rng.standard_normal(part.shape, dtype=np.float32)
    y = (rows[:, 0] > 0).astype(np.int8)
    del rows
    X = np.load(path, mmap_mode="r")
    model = one_network(100, max_iter=1)
    model.fit(X[:3000], y[:3000]).predict(X[:3000])
    limit = _status("VmData") + megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    taken = seconds(lambda: model.fit(X, y).predict(X))
    return {
        "file": Path(path).stat().st_size / MEGABYTE,
        "limit": limit / MEGABYTE,
        "seconds": taken,
    }


def _status(name: str) -> int:
    """Return an entry of the status of the process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    path, *numbers = sys.argv[1:]
    of_memory, of_disk, megabytes = map(int, numbers)
    print(json.dumps(memory(of_memory) | disk(of_disk, path, megabytes)))
