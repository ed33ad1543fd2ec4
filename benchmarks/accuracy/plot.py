"""The plots of the comparison: error against time, mean ranks, and win rates."""

from pathlib import Path
from typing import Any

import numpy as np

from .models import CLOCK, OURS
from .summary import Summary

#: Colours of our models and of the others.
BLUE, GREY = "#2f6db5", "#777777"
#: Where a name can stand beside its point: an offset in points, and the alignment.
SIDES = (
    (0, 8, "center", "bottom"),
    (0, -8, "center", "top"),
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (7, 6, "left", "bottom"),
    (-7, 6, "right", "bottom"),
    (7, -6, "left", "top"),
    (-7, -6, "right", "top"),
    (0, 20, "center", "bottom"),
    (0, -20, "center", "top"),
)


def plot_error_against_time(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the error figure of each model against the time of its fit, one panel per task."""
    figure, panels = panels_of(summaries, (11, 5))
    points = {}
    for axes, task, summary in panels:
        rows = zip(summary.models, summary.times(), summary.figure(), strict=True)
        points[axes] = {name: place for name, *place in rows if name != "Dummy"}
        for name, place in points[axes].items():
            axes.plot(*place, "o", color=BLUE if name in OURS else GREY)
        axes.set(xscale="log", xlabel=f"time of a fit, in multiples of the {CLOCK}'s")
        axes.set_ylabel("error figure (lower is better)")
        axes.set_title(f"{task}, {len(summary.tables)} tables")
        axes.margins(x=0.2, y=0.12)
        axes.spines[["top", "right"]].set_visible(False)
    figure.draw_without_rendering()  # from here on, places in the figure are final
    for axes, places in points.items():
        write_names(axes, places)
    figure.savefig(path, dpi=110)


def write_names(axes: Any, places: dict[str, tuple[float, float]]) -> None:
    """Write a name beside each point, where it overlaps as few points and names as possible."""
    from matplotlib.transforms import Bbox

    pixels = axes.transData.transform(list(places.values()))
    taken = [Bbox.from_extents(*(pixel - 8), *(pixel + 8)) for pixel in pixels]
    for name, place in places.items():
        is_ours = name in OURS
        text = axes.annotate(
            name,
            place,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=9,
            color=BLUE if is_ours else GREY,
            weight="bold" if is_ours else "normal",
        )

        def move(side, text=text):
            x, y, horizontal, vertical = side
            text.set(position=(x, y), ha=horizontal, va=vertical)
            box = text.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            return sum(map(box.overlaps, taken)) + (not inside)

        move(min(SIDES, key=move))
        taken.append(text.get_window_extent())


def plot_mean_ranks(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the mean rank of each model with its critical difference, one panel per task."""
    figure, panels = panels_of(summaries, (11, 4))
    for axes, task, summary in panels:
        ranks, half = summary.rank(), summary.critical_difference() / 2
        order = np.argsort(-ranks)
        names = [summary.models[i] for i in order]
        for place, (name, rank) in enumerate(zip(names, ranks[order], strict=True)):
            color = BLUE if name in OURS else GREY
            axes.errorbar(rank, place, xerr=half, fmt="o", color=color, elinewidth=2)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="mean rank (lower is better)")
        axes.set_title(f"{task}, {len(summary.tables)} tables")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def plot_win_rates(summaries: dict[str, Summary], path: Path) -> None:
    """Draw the win rates of all models against each other, one panel per task."""
    figure, panels = panels_of(summaries, (13, 6.2))
    for axes, task, summary in panels:
        order = np.argsort(summary.figure())
        wins = 100 * summary.wins()[np.ix_(order, order)]
        names = [summary.models[i] for i in order]
        axes.imshow(wins, cmap="RdYlGn", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(wins):
            if row != column:
                color = "white" if abs(value - 50) > 40 else "black"  # on dark cells
                style = {"ha": "center", "va": "center", "fontsize": 9, "color": color}
                axes.text(column, row, f"{value:.0f}", **style)
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
