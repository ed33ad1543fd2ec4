"""The loss after each iteration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._display import BLUE, GREEN, ORANGE, Display
from ._fitted import last_step


class LossCurveDisplay(Display):
    """The training loss and the validation value after each iteration.

    The training loss is that of the networks alone. A line shows the loss of the whole model on
    held-out rows, `oof_loss_`, where it is known.

    Use `from_estimator` to create a display.

    Parameters
    ----------
    loss_curve : array-like of shape (n_iterations,)
        Losses of the training rows.
    validation_curve : array-like of shape (n_iterations,), optional
        Losses or scores of the validation rows.
    score_name : str, optional
        Name of the validation values if they are scores, for which larger is better.
    oof_loss : float, optional
        The loss of the whole model on held-out rows.

    Attributes
    ----------
    best_iteration : int or None
        The iteration, from one, with the best validation value.
    line_ : matplotlib Line2D
        The training loss.
    validation_line_ : matplotlib Line2D or None
        The validation values.
    best_ : matplotlib Line2D or None
        The mark at the best iteration.
    oof_line_ : matplotlib Line2D or None
        The loss of the whole model on held-out rows.
    ax_, figure_ : matplotlib Axes and Figure
        The axes and the figure of the plot.
    validation_ax_ : matplotlib Axes or None
        The axes of the validation values: for scores, separate axes on the right.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_twolayer import TwoLayerClassifier
    >>> from sklearn_twolayer.inspection import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TwoLayerClassifier(early_stopping=True, n_estimators=1, random_state=0)
    >>> LossCurveDisplay.from_estimator(model.fit(X, y))
    <...>
    """

    def __init__(
        self,
        loss_curve: Sequence[float],
        validation_curve: Sequence[float] | None = None,
        *,
        score_name: str | None = None,
        oof_loss: float | None = None,
    ):
        self.loss_curve = np.asarray(loss_curve)
        self.validation_curve = None if validation_curve is None else np.asarray(validation_curve)
        self.score_name = score_name
        self.oof_loss = oof_loss

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **kwargs: Any):
        """Draw the curves of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            An estimator with `loss_curve_` and possibly `validation_curve_`, or a pipeline that
            ends in one.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `plot` for both lines.

        Returns
        -------
        LossCurveDisplay
            The display.

        Raises
        ------
        ValueError
            If the estimator was fitted without iterations.
        """
        estimator, _ = last_step(estimator)
        loss = getattr(estimator, "loss_curve_", [])
        if not len(loss):
            raise ValueError(
                f"{type(estimator).__name__} was fitted without iterations, so there is no loss "
                "curve. An RBFNetwork has one with refine='gradient'."
            )
        validation = getattr(estimator, "validation_curve_", None)
        oof_loss = getattr(estimator, "oof_loss_", None)
        display = cls(loss, validation, score_name=_score_name(estimator), oof_loss=oof_loss)
        return display.plot(ax, **kwargs)

    @property
    def best_iteration(self) -> int | None:
        """The iteration, from one, with the best validation value."""
        values = self.validation_curve
        if values is None or np.isnan(values).all():
            return None
        best = np.nanargmin(values) if self.score_name is None else np.nanargmax(values)
        return int(best) + 1

    def plot(self, ax: Any = None, **kwargs: Any):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `plot` for both lines.

        Returns
        -------
        LossCurveDisplay
            The display.
        """
        ax = self._axes(ax)
        iterations = np.arange(1, len(self.loss_curve) + 1)
        style = {"lw": 2, "marker": "o" if len(iterations) == 1 else ""} | kwargs
        (self.line_,) = ax.plot(
            iterations, self.loss_curve, **{"color": BLUE, "label": "training loss"} | style
        )
        self.validation_line_ = self.best_ = self.validation_ax_ = self.oof_line_ = None
        if self.oof_loss is not None:
            self.oof_line_ = ax.axhline(self.oof_loss, color=GREEN, ls="--", lw=1.5)
            self.oof_line_.set_label("whole model, held-out rows")
        if self.validation_curve is not None:
            self._plot_validation(ax, style)
        ax.set(xlabel="iteration", ylabel="loss")
        lines = [self.line_, self.oof_line_, self.validation_line_, self.best_]
        # A loss falls and a score rises, which leaves space between them.
        has_scores = self.validation_curve is not None and self.score_name is not None
        where = "center right" if has_scores else "best"
        handles = [line for line in lines if line is not None]
        ax.legend(handles=handles, frameon=False, loc=where)
        return self

    def _plot_validation(self, ax, style):
        side = ax
        if self.score_name is not None:
            side = ax.twinx()
            side.spines[["top", "left"]].set_visible(False)
            side.set_ylabel(self.score_name)
        label = f"validation {self.score_name or 'loss'}"
        iterations = np.arange(1, len(self.validation_curve) + 1)
        (self.validation_line_,) = side.plot(
            iterations, self.validation_curve, **{"color": ORANGE, "label": label} | style
        )
        self.validation_ax_, best = side, self.best_iteration
        if best is not None:
            (self.best_,) = side.plot(
                best, self.validation_curve[best - 1], "o", ms=7, color=ORANGE, mec="white"
            )
            self.best_.set_label(f"best: iteration {best}")


def _score_name(estimator):
    scoring = getattr(estimator, "scoring", "loss")
    if isinstance(scoring, str):
        return None if scoring == "loss" else scoring
    return getattr(scoring, "__name__", "score")
