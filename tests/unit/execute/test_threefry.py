"""Threefry against the vectors of its authors and against JAX, and the numbers that are made of its words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.threefry import fraction, normal, threefry, uniform, words
from support import assert_close

KNOWN = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]
"""Key, counter and result of threefry2x32 with 20 rounds: the file kat_vectors of Random123."""


def word(value: int) -> Any:
    return np.asarray(value, np.uint32)


@pytest.mark.parametrize(("key", "counter", "result"), KNOWN)
def test_the_known_answers_of_threefry_come_out(key: Any, counter: Any, result: Any) -> None:
    found = threefry((word(key[0]), word(key[1])), (word(counter[0]), word(counter[1])))
    assert tuple(int(part) for part in found) == result


def test_a_word_more_or_less_in_the_key_or_one_other_rotation_would_be_noticed() -> None:
    for key, counter, result in KNOWN:
        found = threefry((word(key[0] ^ 1), word(key[1])), (word(counter[0]), word(counter[1])))
        assert tuple(map(int, found)) != result


@pytest.mark.oracle
def test_jax_enciphers_the_same_words() -> None:
    jax = pytest.importorskip("jax")
    draw = np.random.default_rng(0)
    key = draw.integers(0, 1 << 32, 2, dtype=np.uint32)
    for counter in draw.integers(0, 1 << 31, 5):
        folded = jax.random.key_data(jax.random.fold_in(jax.random.wrap_key_data(key), int(counter)))
        own = threefry((key[0], key[1]), (word(0), word(int(counter))))
        assert [int(part) for part in own] == [int(part) for part in np.asarray(folded)]


def test_arguments_are_enciphered_in_pairs_under_the_key_so_far() -> None:
    """Of four arguments the first key is (4, 0); an argument without a partner has a 0."""
    key = threefry((word(4), word(0)), (word(7), word(11)))
    expected = threefry(key, (word(13), word(17)))
    assert tuple(map(int, words("uniform", (7, 11, 13, 17)))) == tuple(map(int, expected))
    single = threefry((word(1), word(1)), (word(5), word(0)))
    assert tuple(map(int, words("normal", (5,)))) == tuple(map(int, single))
    assert len({float(uniform(*given)) for given in ((5,), (5, 0), (5, 0, 0), (0, 5))}) == 4


def test_a_whole_number_counts_modulo_two_to_the_32() -> None:
    assert uniform(-1, 3) == uniform(2**32 - 1, 3)
    assert uniform(2**32 + 5) == uniform(5) != uniform(6)


def test_numbers_lie_inside_and_are_exact_in_float32() -> None:
    ends = fraction(np.asarray([0, 0xFFFFFFFF], np.uint32))
    assert ends.tolist() == [2.0**-24, 1 - 2.0**-24]
    drawn = uniform(3, np.arange(100_000))
    assert np.array_equal(drawn, drawn.astype(np.float32).astype(np.float64))
    assert abs(normal(3, np.arange(100_000))).max() < np.sqrt(-2 * np.log(2.0**-24))


@pytest.mark.parametrize("seed", [0, 1, 123456789])
def test_moments_and_correlations_are_those_of_independent_numbers(seed: int) -> None:
    """Within 4.5 standard errors of 160,000 numbers: along samples and entries, steps, functions."""
    n, j = np.arange(400)[:, None], np.arange(400)
    u, v = uniform(seed, 0, n, j), normal(seed, 0, n, j)
    size = u.size**0.5
    for value, mean, deviation in (
        (u, 1 / 2, 12**-0.5),
        (u**2, 1 / 3, (4 / 45) ** 0.5),
        (v, 0, 1),
        (v**2, 1, 2**0.5),
        (v**3, 0, 15**0.5),
        (v**4, 3, 96**0.5),
    ):
        assert abs(value.mean() - mean) < 4.5 * deviation / size
    others = (
        (u[1:], u[:-1]),
        (u[:, 1:], u[:, :-1]),
        (u, uniform(seed, 1, n, j)),
        (u, uniform(seed + 1, 0, n, j)),
        (u, v),
        (v, normal(seed, 1, n, j)),
    )
    for one, other in others:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4.5 / size


def test_the_bins_of_uniform_are_equally_full() -> None:
    counts = np.bincount((uniform(2, np.arange(256_000)) * 256).astype(int), minlength=256)
    assert ((counts - 1000) ** 2 / 1000).sum() < 255 + 4.5 * (2 * 255) ** 0.5


def test_normal_is_the_formula_of_box_and_muller() -> None:
    first, second = words("normal", (9, np.arange(50)))
    u, v = fraction(first), fraction(second)
    assert_close(normal(9, np.arange(50)), np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v), rtol=1e-15)


def test_what_is_no_whole_number_is_refused() -> None:
    for wrong in (0.5, np.nan, np.inf, 2.0**60):
        with pytest.raises(InputError, match=r"uniform is given .*, which is no whole number"):
            uniform(3, np.asarray([1.0, wrong]))
