"""Random numbers that depend on nothing but what they are for (NUM-3).

Philox4x64-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a pure function of
key and counter: no draw can move another one. The words equal NumPy's raw stream; NumPy adds one to its
counter before the first block, this module uses the block of the counter itself.

Engine draws use word 0 of the counter (signal number, leg, fill number, draw number). Resampling draw d of
sample s is word ``d mod 4`` of the block at counter ``(s, d div 4, 0, 0)``.
"""

from __future__ import annotations

SLIPPAGE = 1
DROPOUT = 2
MONTE_CARLO = 3
SHUFFLE = 4
NOISE = 5
PARAMETERS = 6

MASK = 0xFFFFFFFFFFFFFFFF
MULTIPLIER_0 = 0xD2E7470EE14C6C93
MULTIPLIER_1 = 0xCA5A826395121157
WEYL_0 = 0x9E3779B97F4A7C15
WEYL_1 = 0xBB67AE8584CAA73B

Words = tuple[int, int, int, int]
Keys = tuple[tuple[int, int], ...]


def block(seed: int, purpose: int, counter: Words) -> Words:
    """Return the four 64-bit words at `counter` under the key ``(seed, purpose)``."""
    return block_of_keys(round_keys(seed, purpose), counter)


def round_keys(seed: int, purpose: int) -> Keys:
    """Return the keys of the ten rounds, for callers that draw many blocks."""
    keys = []
    for _ in range(10):
        keys.append((seed, purpose))
        seed = (seed + WEYL_0) & MASK
        purpose = (purpose + WEYL_1) & MASK
    return tuple(keys)


def block_of_keys(keys: Keys, counter: Words) -> Words:
    """Return the four words at `counter` under keys made by `round_keys`."""
    w0, w1, w2, w3 = counter
    for key_0, key_1 in keys:
        product_0 = MULTIPLIER_0 * w0
        product_1 = MULTIPLIER_1 * w2
        w0 = (product_1 >> 64) ^ w1 ^ key_0
        w1 = product_1 & MASK
        w2 = (product_0 >> 64) ^ w3 ^ key_1
        w3 = product_0 & MASK
    return w0, w1, w2, w3


def word(seed: int, purpose: int, counter: Words) -> int:
    """Return word 0 of the block at `counter`."""
    return block(seed, purpose, counter)[0]


def uniform_int(word: int, r: int) -> int:
    """Return the integer 0…r that a 64-bit word draws: the high 64 bits of ``word · (r + 1)``."""
    return (word * (r + 1)) >> 64
