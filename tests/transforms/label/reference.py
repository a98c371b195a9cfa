"""The student's features again, slowly and in plain Python: what the compiled kernel is held to."""

from itertools import pairwise

from transforms.label.normalize import is_word, normalize
from transforms.label.student.features import FeatureSpec

MASK = (1 << 64) - 1
MULTIPLY = 0x9E3779B97F4A7C15
MIX = 0xD6E8FEB86659FD93
WORD, PAIR, CHAR = 0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0
SKIP, TRIPLE = 0x082EFA98EC4E6C89, 0x452821E638D01377


def chain(seed: int, text: str) -> int:
    h = seed
    for char in text:
        h = ((h ^ ord(char)) * MULTIPLY) & MASK
        h ^= h >> 32
    return h


def tokens(normal: str) -> list[str]:
    found: list[str] = []
    for chunk in normal.split(" "):
        current = ""
        for char in chunk:
            together = current and (
                (is_word(ord(char)) and is_word(ord(current[-1]))) or char == current[-1]
            )
            if current and not together:
                found.append(current)
                current = ""
            current += char
        if current:
            found.append(current)
    return found


def word_features(text: str, spec: FeatureSpec) -> set[int]:
    h = [chain(WORD, token) for token in tokens(normalize(text))]
    found = set(h)
    found |= {((a * MIX & MASK) ^ b ^ PAIR) * MULTIPLY & MASK for a, b in pairwise(h)}
    if spec.skips:
        found |= {
            ((a * MIX & MASK) ^ b ^ SKIP) * MULTIPLY & MASK for a, b in zip(h, h[2:], strict=False)
        }
    if spec.triples:
        found |= {
            ((((a * MIX & MASK) ^ b) * MIX & MASK) ^ c ^ TRIPLE) * MULTIPLY & MASK
            for a, b, c in zip(h, h[1:], h[2:], strict=False)
        }
    return found


def char_features(text: str, spec: FeatureSpec) -> set[int]:
    padded = f" {normalize(text)} "
    grams = {
        padded[i : i + n]
        for n in range(spec.char_min, spec.char_max + 1)
        for i in range(len(padded) - n + 1)
    }
    if not spec.across:  # a blank only at the ends
        grams = {gram for gram in grams if " " not in gram[1:-1]}
    return {chain(CHAR, gram) for gram in grams}
