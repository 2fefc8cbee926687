"""How hard a text is to read: the Flesch-Kincaid grade, about the years of school that it asks for.

Grade 9 is what a fourteen-year-old reads (Kincaid et al., 1975). Numbers and names of years count as one easy word
each, since they are read at a glance.
"""

from __future__ import annotations

import re

_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Syllables of an English word, by its groups of vowels; a final silent e is none."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if not letters:
        return 1
    count = len(_VOWELS.findall(letters))
    if letters.endswith("e") and not letters.endswith(("le", "ee")) and count > 1:
        count -= 1
    if letters.endswith("ed") and not letters.endswith(("ted", "ded", "eed")) and count > 1:
        count -= 1
    return max(count, 1)


def grade(text: str) -> float:
    """0.39 x words a sentence + 11.8 x syllables a word - 15.59. Raises ValueError for a text without words."""
    sentences = [s for s in re.split(r"(?<=[.!?:;])\s+", text.strip()) if re.search(r"\w", s)]
    words = re.findall(r"[£\w][\w,.'’%-]*", text)
    if not words:
        raise ValueError("a text without words has no grade")
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
