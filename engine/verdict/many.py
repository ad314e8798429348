"""Many channels at once: who looks at twenty finds a good one. False discoveries, skill, a fair order.

- ``discoveries``: p-values adjusted so that, of the channels said to have an edge, at most the level's share has none
  (Benjamini and Yekutieli 2001, doi:10.1214/aos/1013699998): valid however the channels depend on each other, as they
  do when they call the same coins. Where nobody has skill, some channel passes in at most the level's share of worlds.
- ``without_skill``: the share of channels without an edge (Storey 2002, doi:10.1111/1467-9868.00346).
- ``shrunk``: each mean pulled towards the mean of all, the more the less is known of it (Efron and Morris 1975,
  doi:10.1080/01621459.1975.10479864): with 30 trades the best of 20 channels without an edge shows +0.46R.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.verdict.bootstrap import Floats

STOREY_LAMBDA = 0.5


def discoveries(p: Sequence[float]) -> list[float]:
    """The adjusted p-value of each channel (Benjamini and Yekutieli); in the order given."""
    m = len(p)
    if not m:
        return []
    values = np.asarray(p, np.float64)
    order = np.argsort(values)
    harmonic = float((1 / np.arange(1, m + 1)).sum())
    stepped = values[order] * m * harmonic / np.arange(1, m + 1)
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    found: list[float] = adjusted.tolist()
    return found


def without_skill(p: Sequence[float]) -> float | None:
    """The estimated share of channels without an edge; None for fewer than five channels."""
    if len(p) < 5:
        return None
    above = int((np.asarray(p) > STOREY_LAMBDA).sum())
    return min(1.0, above / (len(p) * (1 - STOREY_LAMBDA)))


def shrunk(means: Floats, errors: Floats) -> Floats:
    """Each mean R, shrunk towards the mean of all channels.

    Parameters
    ----------
    means
        Mean R of each channel, shape (channels,).
    errors
        Its standard error (that of bursts), above zero.

    Returns
    -------
        ``w mean + (1 - w) grand mean`` with ``w = t2 / (t2 + error^2)``; the variance t2 between channels by the
        method of moments (DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2).
    """
    if len(means) < 2:
        return means.copy()
    weight = 1 / errors**2
    fixed = float((weight * means).sum() / weight.sum())
    excess = float((weight * (means - fixed) ** 2).sum()) - (len(means) - 1)
    between = max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
    pooled = 1 / (between + errors**2)
    grand = float((pooled * means).sum() / pooled.sum())
    w = between / (between + errors**2)
    result: Floats = w * means + (1 - w) * grand
    return result
