"""How sure the numbers are. Pure arithmetic; knows nothing of records or of the store."""

from __future__ import annotations

from math import sqrt


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Score interval (low, high) of the share successes/n, both in 0..1; (0, 1) when n is 0.

    `z` is the normal quantile: 1.96 for 95 %. Source: E. B. Wilson, "Probable inference, the law
    of succession, and statistical inference", JASA 22 (1927) 209-212; equation and worked values
    in R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, method 3. Raises `ValueError`
    unless 0 <= successes <= n."""
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie in 0..n, not {successes} of {n}")
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    middle = 2 * n * share + z * z
    reach = z * sqrt(z * z + 4 * n * share * (1 - share))
    scale = 2 * (n + z * z)
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
