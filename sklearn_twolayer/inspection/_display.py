"""The base of all displays: axes and colours."""

from typing import Any

BLUE, ORANGE, GREEN, RED, PURPLE = "#2f6db5", "#e08214", "#4d9a63", "#c0504d", "#8064a2"
GREY, DARK = "#8c8c8c", "#333333"
#: Colours of kinds of units, in this order.
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED)


class Display:
    """Base of the displays.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.
    """

    ax_: Any
    figure_: Any

    def _axes(self, ax: Any) -> Any:
        """Return axes without a frame at the top and right: the given or new ones."""
        if ax is None:
            try:
                import matplotlib.pyplot as plt
            except ImportError as error:
                raise ImportError("Plots need matplotlib: pip install matplotlib.") from error
            _, ax = plt.subplots(layout="constrained")
        ax.spines[["top", "right"]].set_visible(False)
        self.ax_, self.figure_ = ax, ax.figure
        return ax
