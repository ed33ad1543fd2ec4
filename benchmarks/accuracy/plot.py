"""The plot of the win rates."""

from pathlib import Path

import numpy as np

from .summary import Summary


def plot_win_rates(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the win rates of all models against each other, one panel per task.

    Parameters
    ----------
    summaries : dict of str to Summary
        One for each task.
    path : Path
        The file of the plot.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 6.2), layout="constrained")
    for axes, (task, summary) in zip(figure.subplots(1, 2), summaries.items(), strict=True):
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
