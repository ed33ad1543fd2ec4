"""Who is told of the steps of learning a radial-basis network."""

from collections.abc import Callable

from ..model import Part


class Watch:
    """Told of the steps, and asked whether to stop; this one lets them go on."""

    def plan(self, steps: list[str]) -> None:
        """Take note of the names of the steps."""

    def begin(self, step: str) -> None:
        """Take note that a step begins."""

    def end(self, part: Callable[[], Part] | None = None) -> bool:
        """Take note that it has ended, with what is learned by now; return True to stop."""
        return False

    def epoch(self, part: Callable[[], Part], loss: float) -> bool:
        """Take note of an iteration of the solver; return True to stop."""
        return False
