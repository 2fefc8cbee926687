"""Redirects in expectation: a choice's weights after policy, and the share of each placement that is contested.

A seeker meets the redirects of its choice as first drawn one after another, each with a draw of its own: so the mass
that a first redirect leaves is what a second takes from, which is what is worked out here, cell by cell. Severity
bands are equally likely among seekers, so shares that differ by severity are averaged: exact where children are first
placed, an approximation later, when a redirect has sorted them before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cohort.book import Book
from cohort.multipliers import CHOICE
from cohort.processes import DIMS

Floats = NDArray[np.float64]
SEVERITY = DIMS.index("severity")


def weights(book: Book, choice: str, month: int) -> tuple[Floats, Floats]:
    """([n, a or 1, d or 1, p or 1, to] a choice's weights in a month, the same of what is contested on arrival).

    Whom the pack gives no choice stays, and staying can be redirected too.
    """
    base = book.in_month(month).weights[choice][0]  # [n, 1, d, 1, p, to]
    if base.shape[4] > 1:
        base = np.where(base.sum(-1, keepdims=True) > 0, base, np.eye(base.shape[-1]))
    keys = [k for k in book.rates.redirects if k.startswith(f"{choice}.")]
    shares = {k: [book.rates.rate(f"{kind}.{k}", month)[0][..., None] for kind in ("redirect", "appeal")] for k in keys}
    shape = np.broadcast_shapes(base[..., :1].shape, *(s.shape for pair in shares.values() for s in pair))
    out = np.broadcast_to(base, (*shape[:-1], base.shape[-1])).copy()
    contested = np.zeros_like(out)
    left: dict[int, Floats] = {}
    for key in keys:
        _, frm, into = (book.vocabulary.code(w) if k else -1 for k, w in enumerate(key.split(".")))
        share, appeal = (np.broadcast_to(s, shape)[..., 0] for s in shares[key])
        rest = left.get(frm, np.broadcast_to(base, out.shape)[..., frm])
        sent = rest * share
        left[frm] = rest - sent
        out[..., frm] -= sent
        out[..., into] += sent
        contested[..., into] += sent * appeal
    return out.mean(3), contested.mean(3)


def redirected(book: Book) -> tuple[str, ...]:
    """The choices that some policy redirects."""
    return tuple(dict.fromkeys(key.split(".")[0] for key in book.rates.redirects))


def moving(book: Book) -> tuple[str, ...]:
    """The choices whose weights change from month to month: redirected, or with a draw's dated parameters."""
    named = (m.on.removeprefix(CHOICE) for m in book.dated if m.on.startswith(CHOICE))
    return tuple(dict.fromkeys((*redirected(book), *named)))
