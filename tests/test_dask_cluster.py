"""Dask's cluster of processes: the same bits however many there are, and what may happen to them.

These start processes of their own: ``pytest -m slow tests/test_dask_cluster.py``.
"""

import os
import platform
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_friedman1

from sklearn_twolayer import Adam

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

from sklearn_twolayer.dask import DaskRBFNetwork, DaskTwoLayerRegressor, _engine  # noqa: E402
from sklearn_twolayer.dask._malloc import reuse_freed_memory  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

X, Y = make_friedman1(600, noise=1.0, random_state=0)
ROWS, TARGETS = da.from_array(X, chunks=(120, 10)), da.from_array(Y, chunks=120)
QUICK = {"embedding": "dense", "n_units": 20, "max_iter": 4, "random_state": 0}
#: Seconds after which a client is closed, so that a fit that waits for lost workers fails.
PATIENCE = 600


@contextmanager
def cluster(n_workers, **kwargs):
    with (
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=None, **kwargs
        ) as workers,
        distributed.Client(workers, set_as_default=False) as client,
    ):
        timer = threading.Timer(PATIENCE, client.close)
        timer.start()
        try:
            yield client
        finally:
            timer.cancel()


@pytest.fixture(scope="module")
def two():
    with cluster(2) as client:
        yield client


@pytest.fixture
def mortal():
    """A cluster for one death: a worker that dies while it restarts is not replaced."""
    with cluster(2) as client:
        yield client


class Deadly(Adam):
    """Adam that aborts its process once, at some part of the training."""

    def __init__(self, moment=0.5, path=""):
        super().__init__()
        self.moment, self.path = moment, path

    def epoch(self, lane, rng, shared):
        if shared.start >= self.moment:
            try:
                open(self.path, "x").close()  # by one of two workers at the same moment
            except FileExistsError:
                pass
            else:
                os.abort()
        return super().epoch(lane, rng, shared)


class Slow(Adam):
    """Adam that takes its time."""

    def epoch(self, *args):
        time.sleep(0.3)
        return super().epoch(*args)


MODELS = {
    "adam": DaskTwoLayerRegressor(**QUICK, n_estimators=2, blend="scale"),
    "lbfgs": DaskTwoLayerRegressor(**QUICK, n_estimators=1, solver="lbfgs"),
    "rbf": DaskRBFNetwork(30, task="regression", refine="width", random_state=0),
}


def predictions(client):
    """Return what each model predicts after a fit on rows as they are, and sorted by target."""
    found = {}
    for order_name, order in (("as is", np.arange(600)), ("sorted", np.argsort(Y))):
        rows = da.from_array(X[order], chunks=(120, 10))
        targets = da.from_array(Y[order], chunks=120)
        for name, model in MODELS.items():
            model = clone(model).set_params(client=client).fit(rows, targets)
            found[name, order_name] = model.to_local().predict(X)
    return found


@pytest.fixture(scope="module")
def in_threads():
    return predictions(None)


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_the_same_bits_with_any_number_of_workers(in_threads, n_workers):
    with cluster(n_workers) as client:
        found = predictions(client)
    for case, expected in in_threads.items():
        np.testing.assert_array_equal(found[case], expected, err_msg=str(case))


@pytest.fixture(params=["read", "kept", "stored"])
def held(request, monkeypatch, mortal):
    """The rows and targets for the three ways in which partitions are held."""
    monkeypatch.setattr(_engine.Engine, "_shares_folder", request.param == "stored")
    if request.param == "kept":
        return mortal.persist([ROWS, TARGETS])
    return ROWS, TARGETS


@pytest.mark.parametrize("moment", [0.0, 0.8])
def test_a_killed_worker_does_not_change_a_bit(mortal, held, tmp_path, moment):
    model = DaskTwoLayerRegressor(**QUICK, n_estimators=2, blend="scale")
    expected = model.fit(ROWS, TARGETS).to_local().predict(X)
    solver = Deadly(moment, str(tmp_path / "dead"))
    model.set_params(solver=solver, client=mortal).fit(*held)
    assert (tmp_path / "dead").exists()
    np.testing.assert_array_equal(model.to_local().predict(X), expected)


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "read"])
@pytest.mark.parametrize("order", ["as is", "sorted"])
def test_rows_of_files_are_not_moved(two, monkeypatch, tmp_path, is_stored, order):
    monkeypatch.setattr(_engine.Engine, "_shares_folder", is_stored)
    rows, targets = make_friedman1(40_000, random_state=0)
    index = np.argsort(targets) if order == "sorted" else np.arange(len(rows))
    for name, array in {"rows": rows, "targets": targets}.items():
        chunks = (2000, *array.shape[1:])
        da.to_npy_stack(tmp_path / name, da.from_array(array[index], chunks=chunks))
    rows, targets = (da.from_npy_stack(tmp_path / name) for name in ("rows", "targets"))
    model = DaskTwoLayerRegressor("linear", n_estimators=2, blend="scale", max_iter=1, client=two)
    before = bytes_sent(two)
    model.set_params(random_state=0).fit(rows, targets)
    # The sample, which is the whole table here, goes to the client; shuffled rows are kept.
    copies = 1 + 2 * (order == "sorted" and not is_stored)
    assert bytes_sent(two) - before < 1.5 * copies * rows.nbytes


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of the GNU library")
def test_tasks_in_workers_reuse_freed_memory(two):
    two.run(reuse_freed_memory)
    assert two.submit(page_faults).result() < 5000


def page_faults():
    """Return the page faults of 200 arrays of 200 pages each."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        np.ones(2**20 // 10)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def bytes_sent(client):
    return sum(client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total).values())


def test_a_worker_that_comes_late_is_used():
    with cluster(1) as client:
        timer = threading.Timer(2.0, lambda: client.cluster.scale(2))
        timer.start()
        model = DaskTwoLayerRegressor(**QUICK | {"max_iter": 8}, solver=Slow(), client=client)
        model.set_params(n_estimators=2, blend="scale").fit(ROWS, TARGETS)
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2 and min(done.values()) > 0


def test_a_client_that_is_closed_in_mid_fit():
    with cluster(1) as client:
        model = DaskTwoLayerRegressor(**QUICK, n_estimators=1, solver=Slow(), client=client)
        timer = threading.Timer(3.0, client.close)
        timer.start()
        with pytest.raises(RuntimeError, match="was closed"):
            model.fit(ROWS, TARGETS)
        timer.join()
    assert not hasattr(model, "_local")


def test_the_fitted_model_needs_no_scheduler(two):
    model = DaskTwoLayerRegressor(**QUICK, n_estimators=1)
    with cluster(1) as client:
        model.set_params(client=client).fit(ROWS, TARGETS)
    local = model.to_local()
    assert local.score(X, Y) > 0
    parts = [local.predict(part) for part in X.reshape(5, 120, 10)]
    with two.as_current():
        np.testing.assert_array_equal(model.predict(ROWS).compute(), np.concatenate(parts))
