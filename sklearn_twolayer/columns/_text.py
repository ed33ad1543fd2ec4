"""Numbers for the parts of text, which different levels may share."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

#: A level of fewer rows is rare: it has no indicator, and its mean target says little.
FEW_ROWS = 5
#: Rare levels per number, and the maximum number of numbers if all rows have rare levels;
#: less in proportion, since the numbers of other rows repeat what their levels say.
LEVELS_PER_NUMBER, MOST_NUMBERS = 30, 30
#: Maximum number of levels in fit, of distinct pieces, and of characters read per text.
MOST_LEVELS, MOST_PARTS, MOST_CHARACTERS = 10_000, 2048, 256
#: Number of texts that are split at a time.
BLOCK = 2**12
#: Directions below this fraction of the largest singular value are rounding errors.
ROUNDING = 1e-4


@dataclass(frozen=True, eq=False)
class TextParts:
    """Pieces of one to three characters, as a few numbers: latent semantic analysis.

    The pieces of a text are counted and weighted by how rare they are (tf-idf), and
    projected on the leading directions of the levels seen in fit (Deerwester et al., 1990).
    An unseen text also has numbers, similar to those of texts that share its pieces.

    Parameters
    ----------
    vectorizer : TfidfVectorizer
        Counts and weights the pieces.
    directions : ndarray of shape (n_pieces, n_numbers)
        The projection of the weights.
    """

    vectorizer: TfidfVectorizer
    directions: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers."""
        return tuple(f"text{i + 1}" for i in range(self.directions.shape[1]))

    def numbers(self, texts: list[str]) -> np.ndarray:
        """Return the numbers of texts, shape (n_texts, n_numbers)."""
        texts = [text[:MOST_CHARACTERS] for text in texts]
        found = np.empty((len(texts), self.directions.shape[1]), dtype=self.directions.dtype)
        for start in range(0, len(texts), BLOCK):
            some = slice(start, start + BLOCK)
            found[some] = self.vectorizer.transform(texts[some]) @ self.directions
        return found


def learn_text(levels: tuple[str, ...], counts: np.ndarray) -> TextParts | None:
    """Learn numbers for the parts of levels; return None if too few levels are rare.

    The levels are sorted, and `counts` are their numbers of rows. Targets are not used, and the
    same levels give the same numbers.
    """
    rare = counts[counts < FEW_ROWS]
    most = -int(-MOST_NUMBERS * rare.sum() // max(counts.sum(), 1))
    n_numbers = min(len(rare) // LEVELS_PER_NUMBER, most)
    if n_numbers == 0:
        return None
    some = np.linspace(0, len(levels) - 1, min(len(levels), MOST_LEVELS)).astype(int)
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), max_features=MOST_PARTS, dtype=np.float32
    )
    weights = vectorizer.fit_transform([levels[i][:MOST_CHARACTERS] for i in some])
    if weights.shape[1] < 2:  # blanks alone: all texts are the same piece
        return None
    found = TruncatedSVD(min(n_numbers, weights.shape[1]), random_state=0).fit(weights)
    sizes = found.singular_values_
    directions = found.components_[sizes > ROUNDING * sizes[0]].T
    return TextParts(vectorizer, np.ascontiguousarray(directions))
