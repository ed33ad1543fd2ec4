"""How many threads BLAS uses: one, while work is distributed over our own threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread, local

from threadpoolctl import ThreadpoolController


class _Holder(Thread):
    """A thread that holds the limit for as long as anybody needs it.

    From threadpoolctl 3.8 on, the thread that set the limit of a pool of threads for the
    whole process owns it until it gives it back, and what other threads set is ignored. Of
    fits that overlap in time the first may end first: none of their threads can own it.
    """

    def __init__(self, controller: ThreadpoolController):
        super().__init__(daemon=True, name="sklearn_twolayer-blas")
        self._controller, self._limiter = controller, None
        self._ready, self._done = Event(), Event()

    def run(self):
        """Set the limit, unless another thread owns it, and wait for `release`."""
        try:
            limiter = self._controller.limit(limits=1, user_api="blas")
            if not _is_single(self._controller):
                return
            self._limiter = limiter
        finally:
            self._ready.set()
        self._done.wait()
        self._give_back()

    def hold(self) -> "_Holder | None":
        """Start, and return self, or None where the limit could not be set."""
        try:
            self.start()
        except RuntimeError:  # no new thread: the interpreter ends, or knows no threads
            return None
        self._ready.wait()
        return self if self._limiter else None

    def release(self):
        """Give the limit back as it was."""
        thread = self
        if not self.is_alive():  # a fork has no copy of it
            thread = Thread(target=self._give_back)
            thread.start()
        self._done.set()
        thread.join()

    def _give_back(self):
        # Where it is another by now, the owner's time has ended, and all is as it was.
        if _is_single(self._controller):
            self._limiter.__exit__(None, None, None)


class _BlasLimit:
    """Context in which BLAS has one thread, for as long as anybody is in it.

    A limit that another thread has set, and not yet given back, stays as it is. One that
    the calling thread itself has set is lowered until it leaves.
    """

    def __init__(self):
        self._controller, self._holder, self._n_inside = None, None, 0
        self._lock, self._own = Lock(), local()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire,  # so that no change is half-way
                after_in_parent=self._lock.release,
                after_in_child=self._after_fork,
            )

    def __enter__(self):
        with self._lock:
            if self._controller is None:
                self._controller = ThreadpoolController().select(user_api="blas")
            if self._holder is None:
                self._holder = _Holder(self._controller).hold()
            self._limiters().append(self._limit_own())
            self._n_inside += 1

    def __exit__(self, *error):
        with self._lock:
            self._n_inside -= 1
            limiter = self._limiters().pop()
            if limiter is not None:
                limiter.restore_original_limits()
            if not self._n_inside:
                self._release()

    def _limiters(self) -> list:
        """Return what the calling thread has set itself, once for each time it is inside."""
        if not hasattr(self._own, "limiters"):
            self._own.limiters = []
        return self._own.limiters

    def _limit_own(self):
        """Set a limit that only the calling thread can set: its own, or one for itself."""
        if _is_single(self._controller):
            return None
        limiter = self._controller.limit(limits=1, user_api="blas")
        # Not its own: what it found is not its to restore.
        return limiter if _is_single(self._controller) else None

    def _release(self):
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.release()

    def _after_fork(self):
        # Of all threads that were inside, a fork has the one that forked.
        self._n_inside = len(self._limiters())
        if not self._n_inside:
            self._release()
        self._lock.release()


def _is_single(controller: ThreadpoolController) -> bool:
    return all(library.num_threads == 1 for library in controller.lib_controllers)


_BLAS_LIMIT = _BlasLimit()


def single_threaded_blas() -> _BlasLimit:
    """Context in which a matrix product uses the calling thread alone.

    Blocks of rows are small, and are spread over the threads of a pool instead.

    Returns
    -------
    context manager
        Restores the former limits on exit.
    """
    return _BLAS_LIMIT


@contextmanager
def single_threaded() -> Iterator[None]:
    """Context in which no library uses threads of its own.

    For algorithms that add up in an order that depends on them, such as KMeans.

    Yields
    ------
    None
        The former limits are restored on exit.
    """
    # Sought anew: importing KMeans may have brought another library.
    openmp = ThreadpoolController().select(user_api="openmp")
    with single_threaded_blas():
        limiter = openmp.limit(limits=1, user_api="openmp")
        try:
            yield
        finally:
            limiter.restore_original_limits()
