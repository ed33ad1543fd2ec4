"""Warnings that point to the user's code."""

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn.base

#: Folders of functions that are not the user's.
FOLDERS = tuple(
    str(Path(file).parent) + os.sep for file in (__file__, joblib.__file__, sklearn.base.__file__)
)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside this package, scikit-learn and joblib.

    The message says what is wrong, and what to do.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(FOLDERS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
