"""Work is shared out to threads, and its results and errors come back."""

import threading
import time

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController, threadpool_limits

from sklearn_twolayer import RBFNetwork, TwoLayerRegressor
from sklearn_twolayer._linalg import single_threaded_blas
from sklearn_twolayer._threads import map_in_threads


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("n_items", [0, 1, 3, 50])
def test_results_are_in_the_order_of_the_items(n_items, n_threads):
    assert map_in_threads(lambda k: k**2, range(n_items), n_threads) == [
        k**2 for k in range(n_items)
    ]


def test_threads_work_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)
    ranks = map_in_threads(lambda _: meeting.wait(), range(3), n_threads=3)
    assert sorted(ranks) == [0, 1, 2]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_comes_back_and_ends_the_work(failing):
    meeting, done = threading.Barrier(2, timeout=30), []

    def work(k):
        if k < 2:
            meeting.wait()  # each thread has one of the first two
        if k == failing:
            raise ZeroDivisionError(k)
        time.sleep(1e-3)
        done.append(k)

    with pytest.raises(ZeroDivisionError):
        map_in_threads(work, range(10_000), n_threads=2)
    assert len(done) < 9000


def test_as_many_threads_as_items():
    names = set()

    def work(k):
        names.add(threading.current_thread().name)

    map_in_threads(work, range(2), n_threads=64)
    assert len(names) <= 2


def blas_threads():
    controller = ThreadpoolController().select(user_api="blas")
    return [library.num_threads for library in controller.lib_controllers]


class Watching(StandardScaler):
    """Writes down how many threads BLAS has while an estimator is fitted."""

    seen = ()

    def fit(self, X, y=None, sample_weight=None):
        type(self).seen = blas_threads()
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(
    "model", [TwoLayerRegressor(max_iter=1), RBFNetwork(task="regression")], ids=type
)
def test_a_fit_leaves_blas_one_thread(model):
    X = np.random.RandomState(0).standard_normal((60, 3))
    with threadpool_limits(2, user_api="blas"):
        before, Watching.seen = blas_threads(), ()
        model.set_params(input_map=Watching()).fit(X, X[:, 0])
        assert blas_threads() == before
    assert set(Watching.seen) == {1}


def test_fits_that_overlap_in_threads_restore_the_threads_of_blas():
    first_left, second_inside = threading.Event(), threading.Event()
    seen = []

    def second():
        with single_threaded_blas():
            second_inside.set()
            first_left.wait(30)
            seen.append(blas_threads())

    before = blas_threads()
    thread = threading.Thread(target=second)
    with single_threaded_blas():
        thread.start()
        second_inside.wait(30)
    first_left.set()
    thread.join(30)
    assert set(seen[0]) == {1}
    assert blas_threads() == before


def test_a_thread_limits_blas_after_another():
    with single_threaded_blas():
        pass
    seen = []

    def work():
        with single_threaded_blas():
            seen.append(blas_threads())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert set(seen[0]) == {1}
