"""How a Korean name is written in Latin letters. Plain values in, plain values out."""

from __future__ import annotations

import unicodedata
from typing import Final

_INITIALS: Final = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_MEDIALS: Final = (
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui",
    "i",
)  # fmt: skip
_FINALS: Final = (
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t",
    "k", "t", "p", "t",
)  # fmt: skip
_FIRST, _LAST = "가", "힣"
LONGEST: Final = 25


def in_latin_letters(name: str) -> str:
    """A shop's name as terminals can show it: 행복분식 is HAENG BOK BUN SIK, cut at a syllable to 25 letters.

    Each syllable after the Revised Romanization (국어의 로마자 표기법), without the changes of sound between syllables:
    it is for machines that know no Hangul, and an official may write it better. Empty when nothing can be written.
    """
    said = "".join(_letters(char) for char in unicodedata.normalize("NFKC", name))
    words: list[str] = []
    for word in said.upper().split():
        if len(" ".join([*words, word])) > LONGEST:
            break
        words.append(word)
    return " ".join(words) or said.upper().strip()[:LONGEST]


def _letters(char: str) -> str:
    if _FIRST <= char <= _LAST:
        rest, final = divmod(ord(char) - ord(_FIRST), len(_FINALS))
        initial, medial = divmod(rest, len(_MEDIALS))
        return f" {_INITIALS[initial]}{_MEDIALS[medial]}{_FINALS[final]} "
    return char if " " <= char <= "~" else " "
