"""Work is shared out to threads, and its results and errors come back."""

import os
import platform
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from threadpoolctl import OpenBLASController, ThreadpoolController, threadpool_limits

from sklearn_twolayer import RBFNetwork, TwoLayerRegressor
from sklearn_twolayer._blas import _BLAS_LIMIT, single_threaded, single_threaded_blas
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


def in_a_thread(function):
    """Run a function in a thread of its own, and return what it gives."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join(30)
    return results[0]


@contextmanager
def limit_of_another_thread(n_threads):
    """Let another thread limit BLAS for the length of the context."""
    set_, done = threading.Event(), threading.Event()

    def hold():
        with threadpool_limits(n_threads, user_api="blas"):
            set_.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    set_.wait(30)
    yield
    done.set()
    thread.join(30)


def limited_to(n_threads):
    with threadpool_limits(n_threads, user_api="blas"):
        return set(blas_threads())


LIMITS_HAVE_OWNERS = hasattr(OpenBLASController, "clear_controlling_thread")
needs_owners = pytest.mark.skipif(
    not LIMITS_HAVE_OWNERS
    or any(
        library.threading_layer != "pthreads"
        for library in ThreadpoolController().select(user_api="blas").lib_controllers
        if library.internal_api == "openblas"
    ),
    reason="here no thread owns a limit of BLAS",
)


@needs_owners
@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_limit_of_another_thread_stays_its_own(n_threads):
    before = blas_threads()
    with limit_of_another_thread(n_threads):
        with single_threaded_blas():
            assert set(blas_threads()) == {n_threads}
        assert set(blas_threads()) == {n_threads}
        assert limited_to(3 - n_threads) == {n_threads}  # as before the fit: not for us to set
    assert blas_threads() == before
    assert limited_to(2) == {2}


@needs_owners
def test_a_limit_that_ends_during_a_fit_is_not_brought_back():
    before = blas_threads()
    for n_threads in (1, 2):
        other = limit_of_another_thread(n_threads)
        other.__enter__()
        with single_threaded_blas():
            other.__exit__(None, None, None)
        assert blas_threads() == before


@needs_owners
@pytest.mark.parametrize("context", [single_threaded_blas, single_threaded])
def test_a_limit_set_for_good_stays_that_of_its_thread(context):
    before = blas_threads()
    limits = threadpool_limits(2, user_api="blas")  # no context: owned from here on
    try:
        with context():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}
        assert in_a_thread(lambda: limited_to(1)) == {2}
    finally:
        limits.restore_original_limits()
        OpenBLASController.clear_controlling_thread()
    assert blas_threads() == before


def test_nobody_else_lifts_the_limit_of_a_fit():
    with single_threaded_blas():
        if LIMITS_HAVE_OWNERS:
            assert in_a_thread(lambda: limited_to(2)) == {1}
        assert set(blas_threads()) == {1}


def test_a_context_inside_another():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with single_threaded_blas():
            with single_threaded_blas(), single_threaded():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


def test_threads_at_work_are_in_the_context_too():
    with threadpool_limits(2, user_api="blas"):
        meeting = threading.Barrier(2, timeout=30)

        def work(_):
            meeting.wait()
            n_inside = _BLAS_LIMIT._n_inside
            meeting.wait()
            return n_inside

        assert map_in_threads(work, range(2), n_threads=2) == [1, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("is_inside", [False, True])
def test_a_fork_has_no_limit_but_its_own(is_inside):
    """Whether the thread that forks is inside, or another one."""

    before = blas_threads()
    inside, done = threading.Event(), threading.Event()

    def stay():
        with single_threaded_blas():
            inside.set()
            done.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(30)
    code = 0
    with single_threaded_blas() if is_inside else nullcontext():
        pid = os.fork()
        if not pid:
            code = 0 if set(blas_threads()) == ({1} if is_inside else set(before)) else 1
    if not pid:
        with single_threaded_blas():
            code += 0 if set(blas_threads()) == {1} else 2
        code += 0 if blas_threads() == before else 4
        os._exit(code)
    done.set()
    thread.join(30)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert blas_threads() == before


STEPS = """
import resource
import numpy as np
from sklearn_twolayer.estimators._validation import _keep_freed_memory

{before}
start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    [np.ones(2**17) for _ in range(16)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_steps_of_a_training_do_not_wait_for_new_memory():
    """Arrays that are freed after each step leave their pages to the next step."""
    new_pages, kept_pages = (
        int(subprocess.check_output([sys.executable, "-c", STEPS.format(before=before)]))
        for before in ("", "_keep_freed_memory()")
    )
    assert kept_pages < new_pages / 10
