"""The plots of the comparison: error against time, and win rates."""

from pathlib import Path
from typing import Any

import numpy as np

from .models import CLOCK, OURS
from .summary import Summary

#: Colours of our models and of the others.
BLUE, GREY = "#2f6db5", "#777777"


def plot_error_against_time(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the error figure of each model against the time of its fit, one panel per task.

    Parameters
    ----------
    summaries : dict of str to Summary
        One for each task.
    path : Path
        The file of the plot.
    """
    figure, panels = panels_of(summaries, (11, 5))
    for axes, task, summary in panels:
        points = zip(summary.times(), summary.models, summary.figure(), strict=True)
        for place, (time, name, error) in enumerate(sorted(points)):
            if name == "Dummy":
                continue
            is_ours = name in OURS
            axes.plot(time, error, "o", color=BLUE if is_ours else GREY)
            axes.annotate(
                name,
                (time, error),
                xytext=(0, (7, -14, 19)[place % 3]),  # neighbours do not overlap
                ha="center",
                fontsize=9,
                textcoords="offset points",
                color=BLUE if is_ours else GREY,
                weight="bold" if is_ours else "normal",
            )
        axes.set(xscale="log", xlabel=f"time of a fit, in multiples of the {CLOCK}'s")
        axes.set_ylabel("error figure (lower is better)")
        axes.set_title(f"{task}, {len(summary.tables)} tables")
        axes.margins(x=0.2, y=0.12)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def plot_win_rates(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the win rates of all models against each other, one panel per task.

    Parameters
    ----------
    summaries : dict of str to Summary
        One for each task.
    path : Path
        The file of the plot.
    """
    figure, panels = panels_of(summaries, (13, 6.2))
    for axes, task, summary in panels:
        order = np.argsort(summary.figure())
        wins = 100 * summary.wins()[np.ix_(order, order)]
        names = [summary.models[i] for i in order]
        axes.imshow(wins, cmap="RdYlGn", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(wins):
            if row != column:
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=9)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set_title(f"{task}, {len(summary.tables)} tables: % of tables won")
    figure.savefig(path, dpi=90)


def panels_of(summaries: dict[str, Summary], size: tuple[float, float]) -> tuple[Any, list[tuple]]:
    """Return a figure, and its axes with the task and the summary that each of them shows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    pairs = zip(figure.subplots(1, len(summaries)), summaries.items(), strict=True)
    return figure, [(axes, task, summary) for axes, (task, summary) in pairs]
