"""The baseline: counting what came after the last few tokens, with modified Kneser-Ney smoothing,
interpolated (Chen and Goodman 1999, "An Empirical Study of Smoothing Techniques", section 3).

Knows nothing of tunes: a row is numbers, its first few given."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

Context = tuple[int, ...]
LEAST = 0.05  # taken off any count: on few rows the formula gives 0, and the unseen no chance


class KneserNey:
    """Says how likely a token is after the `order` - 1 before it, of `size` different ones."""

    def __init__(self, order: int, size: int, rows: Sequence[Sequence[int]]) -> None:
        self.order, self.size = order, size
        # tables[n]: after n tokens, how often each came; for shorter contexts than the longest,
        # after how many different tokens it came
        self.tables: list[dict[Context, Counter[int]]] = [
            defaultdict(Counter) for _ in range(order)
        ]
        for row in rows:
            for at in range(len(row)):
                for n in range(min(at, order - 1), -1, -1):
                    counts = self.tables[n][tuple(row[at - n : at])]
                    counts[row[at]] += 1
                    if n and counts[row[at]] > 1:
                        break  # the shorter contexts have heard of this one
        self.discounts = [self._discounts(table) for table in self.tables]

    @staticmethod
    def _discounts(table: dict[Context, Counter[int]]) -> tuple[float, float, float]:
        """What is taken off counts of 1, 2, and 3 or more (eq. 26)."""
        often = Counter(min(n, 4) for counts in table.values() for n in counts.values())
        y = often[1] / max(1, often[1] + 2 * often[2])
        found = [
            max(LEAST, n - (n + 1) * y * often[n + 1] / often[n]) if often[n] else LEAST
            for n in (1, 2, 3)
        ]
        return found[0], min(found[1], 2.0), min(found[2], 3.0)

    def chance(self, before: Sequence[int], token: int) -> float:
        """Probability of `token` after the row `before`."""
        found = 1 / self.size
        for n in range(min(self.order, len(before) + 1)):
            counts = self.tables[n].get(tuple(before[len(before) - n :]))
            if not counts:
                break
            off, total = self.discounts[n], counts.total()
            values = counts.values()
            ones = sum(1 for v in values if v == 1)
            twos = sum(1 for v in values if v == 2)
            spare = off[0] * ones + off[1] * twos + off[2] * (len(counts) - ones - twos)
            own = counts[token]
            own_off = off[min(own, 3) - 1] if own else 0.0
            found = (own - own_off + spare * found) / total
        return found

    def surprise(self, row: Sequence[int], given: int) -> float:
        """Bits for all of a row but its first `given` tokens."""
        return sum(
            -math.log2(self.chance(row[max(0, at - self.order + 1) : at], row[at]))
            for at in range(given, len(row))
        )
