"""Limits of BLAS threads: one, while work is distributed over our own threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread, local
from typing import Any

from threadpoolctl import ThreadpoolController


class _Holder(Thread):
    """A thread that holds the limit as long as anyone needs it.

    From threadpoolctl 3.8 on, the thread that sets the limit of a thread pool for the whole
    process owns it until it restores it, and limits set by other threads are ignored. If fits
    overlap in time, the first may end first, so none of their threads can own the limit.
    """

    def __init__(self, controller: ThreadpoolController):
        super().__init__(daemon=True, name="sklearn_twolayer-blas")
        self._controller = controller
        self._limiter: Any = None
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
        except RuntimeError:  # no new thread: the interpreter is shutting down, or has no threads
            return None
        self._ready.wait()
        return self if self._limiter else None

    def release(self):
        """Restore the limit."""
        thread = self
        if not self.is_alive():  # a fork has no copy of it
            thread = Thread(target=self._give_back)
            thread.start()
        self._done.set()
        thread.join()

    def _give_back(self):
        # If there is another holder by now, the owner has ended, and everything is restored.
        if _is_single(self._controller):
            self._limiter.__exit__(None, None, None)


class _BlasLimit:
    """Context in which BLAS has one thread, as long as anyone is inside.

    A limit that another thread has set and not yet restored is not changed. A limit set by the
    calling thread itself is lowered until it leaves.
    """

    def __init__(self):
        self._controller, self._holder, self._n_inside = None, None, 0
        self._lock, self._own = Lock(), local()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire,  # so that no change is incomplete
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
        """Return the limits set by the calling thread, once for each time it is inside."""
        if not hasattr(self._own, "limiters"):
            self._own.limiters = []
        return self._own.limiters

    def _limit_own(self):
        """Set a limit that only the calling thread can set."""
        if _is_single(self._controller):
            return None
        limiter = self._controller.limit(limits=1, user_api="blas")
        # Not its own limit, so it must not restore it.
        return limiter if _is_single(self._controller) else None

    def _release(self):
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.release()

    def _after_fork(self):
        # Of all threads inside, a fork has only the one that forked.
        self._n_inside = len(self._limiters())
        if not self._n_inside:
            self._release()
        self._lock.release()


def _is_single(controller: ThreadpoolController) -> bool:
    return all(library.num_threads == 1 for library in controller.lib_controllers)


_BLAS_LIMIT = _BlasLimit()


def single_threaded_blas() -> _BlasLimit:
    """Context in which a matrix product uses the calling thread alone.

    Blocks of rows are small, and are distributed over the threads of a pool instead. The former
    limits are restored on exit.
    """
    return _BLAS_LIMIT


@contextmanager
def single_threaded() -> Iterator[None]:
    """Context in which no library uses its own threads; the former limits are restored on exit.

    For algorithms in which the order of sums depends on threads, such as KMeans.
    """
    # Searched again, since importing KMeans may have loaded another library.
    openmp = ThreadpoolController().select(user_api="openmp")
    with single_threaded_blas():
        limiter = openmp.limit(limits=1, user_api="openmp")
        try:
            yield
        finally:
            limiter.restore_original_limits()
