"""Progress messages of a fit."""

from collections.abc import Callable, Sequence
from time import perf_counter

#: Seconds after which messages contain the elapsed and the remaining time.
PATIENCE = 3.0


class Progress:
    """Prints a line for each step of each stage, with times if a fit takes long.

    Parameters
    ----------
    verbose : bool
        Whether to print at all.
    stages : sequence of str
        The stages of the fit, in their order.
    clock : callable
        Returns seconds.

    Examples
    --------
    >>> progress = Progress(True, ["networks", "blend"])
    >>> progress.begin("networks", 40)
    >>> progress.step("loss = 0.5")
    [1/2] networks 1/40, loss = 0.5
    """

    def __init__(
        self,
        verbose: bool = False,
        stages: Sequence[str] = (),
        clock: Callable[[], float] = perf_counter,
    ):
        self.verbose = verbose
        self.stages = list(stages)
        self._clock = clock
        self._start = clock()
        self.begin("")

    def begin(self, stage: str, n_steps: int = 0, done: int = 0) -> None:
        """Begin a stage; print it at once if it has no steps."""
        self._stage, self._n_steps, self._done, self._first = stage, n_steps, done, done
        self._begun = self._clock()
        if stage and not n_steps:
            self._print(stage)

    def step(self, detail: str = "") -> None:
        """Report the end of a step."""
        self._done += 1
        line = f"{self._stage} {self._done}/{self._n_steps}"
        self._print(f"{line}, {detail}" if detail else line, self._seconds_left())

    def enter(self, step: str) -> None:
        """Report the beginning of a step, in a stage with different steps."""
        self._done += 1
        self._print(f"{self._stage} {self._done}/{self._n_steps}: {step}")

    def epoch(self, params: object, loss: float) -> bool:
        """Report an iteration of a solver that continues."""
        self.step(f"loss = {loss:.8f}")
        return False

    def _seconds_left(self) -> float:
        a_step = (self._clock() - self._begun) / (self._done - self._first)
        return a_step * max(self._n_steps - self._done, 0)

    def _print(self, line: str, left: float | None = None) -> None:
        if not self.verbose:
            return
        if len(self.stages) > 1 and self._stage in self.stages:
            line = f"[{self.stages.index(self._stage) + 1}/{len(self.stages)}] {line}"
        elapsed = self._clock() - self._start
        if elapsed > PATIENCE:
            line += f" ({elapsed:.0f} s so far"
            line += ")" if left is None else f", this stage has {left:.0f} s left)"
        print(line, flush=True)
