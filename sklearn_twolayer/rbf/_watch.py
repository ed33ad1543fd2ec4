"""Notifications of the steps of learning a radial-basis network."""

from collections.abc import Callable

from ..model import Part


class Watch:
    """Notified of the steps, and asked whether to stop; this one never stops."""

    def plan(self, steps: list[str]) -> None:
        """Record the names of the steps."""

    def begin(self, step: str) -> None:
        """Record the beginning of a step."""

    def end(self, part: Callable[[], Part] | None) -> bool:
        """Record the end of a step, with the result so far, if any; return True to stop."""
        return False

    def epoch(self, part: Callable[[], Part], loss: float) -> bool:
        """Record an iteration of the solver; return True to stop."""
        return False
