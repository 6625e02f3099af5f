"""How high a share may be of which little was seen (Clopper and Pearson 1934, one-sided)."""

import math


def upper_bound(stopped: int, mails: int) -> float:
    """The 95 % bound of a share of which `stopped` of `mails` were seen."""
    low, high = stopped / max(mails, 1), 1.0
    for _ in range(60):
        p = (low + high) / 2
        tail = sum(
            math.exp(
                math.lgamma(mails + 1)
                - math.lgamma(k + 1)
                - math.lgamma(mails - k + 1)
                + k * math.log(p)
                + (mails - k) * math.log1p(-p)
            )
            for k in range(stopped + 1)
        )
        low, high = (p, high) if tail > 0.05 else (low, p)
    return high
