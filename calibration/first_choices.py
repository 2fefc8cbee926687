"""First choices of placement: where plans begin, transfer, move and are offered places, from new plans and ages.

Flows between placements are not published. New plans are, by age and setting; moves are the fewest that give a share
of the net moves that the age profile implies, spread by stated affinities.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from calibration.source import ANY, Floats, Source, at
from cohort.calendar import NCYS
from cohort.processes import TRANSFER_NCYS

SCHOOL_MOVES = 0.5
"""Assumption: half of the moves that the age profile implies (0.3 to 1): its 212 to special in 2021 against up to 482
implied."""
INTO_NMISS = 0.6
"""Assumption (0.4 to 1): entries to NMISS relative to 2022-23's, since the number in independent schools "stabilised
during 2024" (3.13)."""
POST_16_MOVES = 0.9

GROUPS = {
    "eotas_other": ("eotas", "ehe", "parental", "other_setting", "alternative_provision"),
    "no_placement": ("awaiting", "neet", "unknown"),
}


def groups_of(s: Source) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The ten groups of the implied net moves, and each placement's group."""
    names = tuple(dict.fromkeys(str(g) for g in s.pack.table("implied_net_transfers")["placement_group"]))
    of = {p: g for g, members in GROUPS.items() for p in members}
    return names, np.array(
        [names.index(of.get(label, label if label in names else "eotas_other")) for label in s.vocabulary.labels]
    )


AFFINITY = {
    "mainstream": {"srp": 0.3, "state_special": 1, "nmiss": 0.4, "independent_mainstream": 0.1, "fe": 1, "spi": 0.15},
    "srp": {"mainstream": 0.5, "state_special": 1, "nmiss": 0.3, "fe": 1, "spi": 0.2},
    "state_special": {"mainstream": 0.1, "nmiss": 0.3, "fe": 0.7, "spi": 0.7},
    "nmiss": {"mainstream": 0.1, "state_special": 0.4, "fe": 0.7, "spi": 0.7},
    "early_years": {"mainstream": 1, "srp": 0.15, "state_special": 0.7},
    "independent_mainstream": {"mainstream": 0.5, "nmiss": 0.3, "fe": 0.7},
    "fe": {"spi": 0.3},
    "spi": {"fe": 0.3},
    "eotas_other": {"mainstream": 0.2, "state_special": 0.3, "nmiss": 0.3, "fe": 0.5, "spi": 0.3},
    "no_placement": {"mainstream": 0.3, "state_special": 0.5, "nmiss": 0.5, "fe": 0.6, "spi": 0.2},
}  # fmt: skip
"""Assumption: where a move from each group is likely to go, before fitting to the implied net moves."""


def moves(s: Source, ncy: int, share: float) -> tuple[tuple[str, ...], Floats]:
    """[from, to] yearly moves between groups on entering a school year: the fewest that give ``share`` of the implied
    net."""
    names, of = groups_of(s)
    before = np.bincount(of, s.plans[at(ncy - 1)], len(names)) + 1e-3
    net = np.zeros(len(names))
    for r in s.pack.table("implied_net_transfers").where(ncy=ncy).rows():
        net[names.index(str(r["placement_group"]))] = r["net"] * share
    after = np.maximum(before + net - net.sum() * before / before.sum(), 1e-3)
    after *= before.sum() / after.sum()
    prior = np.array([[1.0 if a == b else AFFINITY[a].get(b, 0.1) * 0.04 for b in names] for a in names])
    prior *= _lawful_groups(s, ncy, names, of)[None, :]
    after = np.where(prior.sum(0) > 0, after, 0)
    after *= before.sum() / after.sum()
    flow = prior * before[:, None]
    for _ in range(2000):
        flow *= (after / np.maximum(flow.sum(0), 1e-12))[None, :]
        flow *= (before / np.maximum(flow.sum(1), 1e-12))[:, None]
    return names, flow / flow.sum(1, keepdims=True)


def _lawful_groups(s: Source, ncy: int, names: tuple[str, ...], of: NDArray[np.int64]) -> Floats:
    """[group] 1 where some placement of the group may be entered at that NCY."""
    return np.minimum(np.bincount(of, s.vocabulary.lawful[:, at(ncy)], len(names)), 1.0)


def _members(group: str, ncy: int) -> dict[str, float]:
    """How a group that is moved into splits into placements (assumption)."""
    if group == "eotas_other":
        return {"eotas": 0.55, "ehe": 0.45} if ncy < 12 else {"other_setting": 0.5, "eotas": 0.5}
    if group == "no_placement":
        return {"awaiting": 1.0} if ncy < 12 else {"neet": 0.75, "unknown": 0.25}
    return {group: 1.0}


def choice_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """choice, ncy, frm, to, share: first places, Septembers, moves, tribunals, offers, arrivals."""
    for ncy in NCYS:
        yield from _first_rows(s, ncy)
        yield from _arrival_rows(s, ncy)
        if ncy in TRANSFER_NCYS:
            yield from _transfer_rows(s, ncy)
        if ncy == 1:
            yield from _lawful_rows(s, "transfer", ncy, "early_years", FROM_NURSERY)
        if 0 <= ncy <= 11:
            yield from _move_rows(s, ncy)
            yield from _tribunal_rows(s, ncy)


FROM_NURSERY = {
    "mainstream": 0.50,
    "srp": 0.064,
    "state_special": 0.40,
    "awaiting": 0.02,
    "nmiss": 0.002,
    "ehe": 0.007,
    "eotas": 0.007,
}
"""Where children go when school begins: most in Reception, in Year 1 whoever stayed in nursery until it is the law."""


def _first_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """First placements of 2022 and 2023's new plans by age (the label is one above academic age), banded; those
    unlawful at the child's NCY are left out and the rest scaled."""
    band = next(
        b
        for b in ((-5, -1, 0, 3), (0, 1, 5, 6), (2, 5, 7, 10), (6, 11, 11, 15), (12, 14, 16, 18), (15, 21, 19, 20))
        if b[0] <= ncy <= b[1]
    )
    leaf = {str(r["sen2_column"]): str(r["placement"]) for r in s.pack.table("placement_map").rows()}
    count: dict[str, float] = {}
    for r in s.pack.table("new_plans_by_age").rows():
        if band[2] <= int(r["age_label"]) <= band[3]:
            count[leaf[str(r["sen2_column"])]] = count.get(leaf[str(r["sen2_column"])], 0) + r["plans"]
    yield from _lawful_rows(s, "first_place", ncy, ANY, count)
    if ncy <= 12:
        waiting = {k: v for k, v in count.items() if k not in ("awaiting", "neet", "unknown", "other_setting")}
        yield from _lawful_rows(s, "offer", ncy, ANY, waiting)


def _lawful_rows(s: Source, choice: str, ncy: int, frm: str, count: dict[str, float]) -> Iterable[tuple[object, ...]]:
    ok = {k: v for k, v in count.items() if v > 0 and s.vocabulary.lawful[s.vocabulary.code(k), at(ncy)]}
    if choice in ("first_place", "transfer", "move") and frm != "nmiss" and "nmiss" in ok:
        ok["nmiss"] *= INTO_NMISS
    for to, v in sorted(ok.items()):
        yield choice, ncy, frm, to, round(v / sum(ok.values()), 5)


def _arrival_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """A child who moves in with a plan is placed as Kent's of that age are."""
    stock = dict(zip(s.vocabulary.labels, s.plans[at(ncy)].tolist(), strict=True))
    if not any(s.vocabulary.lawful[s.vocabulary.code(k), at(ncy)] and v for k, v in stock.items()):
        stock = {"early_years": 1.0} if ncy < 0 else {"unknown": 1.0}
    yield from _lawful_rows(s, "arrive_place", ncy, ANY, stock)


def _transfer_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """September's choice from each placement."""
    if ncy == 0:
        for frm in ("early_years", "awaiting", "unknown", "eotas", "parental", "other_setting"):
            yield from _lawful_rows(s, "transfer", ncy, frm, FROM_NURSERY)
        yield from _lawful_rows(
            s, "transfer", ncy, "mainstream", {"mainstream": 0.8, "srp": 0.03, "state_special": 0.17}
        )
        return
    names, chance = moves(s, ncy, SCHOOL_MOVES if ncy < 12 else POST_16_MOVES)
    _, of = groups_of(s)
    for code, p in enumerate(s.vocabulary.placements):
        if p.with_plan:
            yield from _lawful_rows(
                s, "transfer", ncy, p.label, _spread(s, p.label, names[of[code]], names, chance[of[code]], ncy)
            )


def _spread(s: Source, label: str, own: str, names: tuple[str, ...], chance: Floats, ncy: int) -> dict[str, float]:
    """A row of group moves as placements: who stays in the group stays in the placement, if the law lets them."""
    out: dict[str, float] = {}
    stays = s.vocabulary.lawful[s.vocabulary.code(label), at(ncy)]
    for g, p in zip(names, chance, strict=True):
        for to, part in ({label: 1.0} if g == own and stays else _members(g, ncy)).items():
            out[to] = out.get(to, 0.0) + float(p) * part
    return out


def between_phases(s: Source, ncy: int) -> tuple[tuple[str, ...], Floats]:
    """[from, to] yearly moves outside phase transfers; at Years 3 and 7, half of those of the years about them."""
    if ncy in TRANSFER_NCYS or ncy == 0:
        near = [moves(s, n, SCHOOL_MOVES) for n in (ncy - 1, ncy + 1) if n not in TRANSFER_NCYS and 1 <= n <= 11]
        off = sum((c * (1 - np.eye(len(c))) for _, c in near), np.zeros_like(near[0][1])) / len(near) / 2
        return near[0][0], off
    names, chance = moves(s, ncy, SCHOOL_MOVES)
    return names, chance * (1 - np.eye(len(chance)))


def _move_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """Where a move between phases goes, from each placement."""
    names, off = between_phases(s, ncy)
    _, of = groups_of(s)
    for code, p in enumerate(s.vocabulary.placements):
        if p.with_plan and p.label not in ("awaiting", "unknown", "neet", "fe", "spi") and off[of[code]].sum() > 0:
            row = np.where(np.arange(len(names)) == of[code], 0, off[of[code]])
            yield from _lawful_rows(s, "move", ncy, p.label, _spread(s, p.label, "", names, row / row.sum(), ncy))


def _tribunal_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """Assumption: appeals over a plan that succeed move the child in about half of cases, to what parents mostly ask
    for."""
    from_mainstream = {"state_special": 0.22, "nmiss": 0.22, "independent_mainstream": 0.04}
    table = {
        "mainstream": {"mainstream": 0.52, **from_mainstream},
        "srp": {"srp": 0.5, "state_special": 0.25, "nmiss": 0.25},
        "state_special": {"state_special": 0.65, "nmiss": 0.35},
        "awaiting": {"state_special": 0.45, "nmiss": 0.45, "eotas": 0.1},
        "ehe": {"ehe": 0.4, "eotas": 0.3, "nmiss": 0.3},
        "eotas": {"eotas": 0.7, "nmiss": 0.3},
    }
    for frm, to in table.items():
        yield from _lawful_rows(s, "tribunal", ncy, frm, to)
