"""Warnings that point to the user's line."""

import os
import sys
import warnings
from pathlib import Path

import sklearn.base

#: Folders whose functions are not the user's.
FOLDERS = tuple(
    str(folder) + os.sep for folder in (Path(__file__).parent, Path(sklearn.base.__file__).parent)
)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside this package and scikit-learn.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    category : type of Warning, default=UserWarning
        Its kind.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(FOLDERS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
