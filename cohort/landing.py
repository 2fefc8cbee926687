"""Where the masses of one month go: what each process takes from a part of the state, and where its outcomes land."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cohort.cells import Array, Month, State, if_so
from cohort.processes import Effect, Outcome, Process
from cohort.states import NEEDS, NONE_YET, STAGES, Stage, Support

if TYPE_CHECKING:
    from cohort.expected import Expectation


def _deepen(x: Array, depth: int, xp: Any) -> Array:
    """[t, ...] as another stage tells months apart: more are added empty, or the last ones run together."""
    have = x.shape[0]
    if have <= depth:
        return xp.concatenate([x, xp.zeros((depth - have, *x.shape[1:]))]) if have < depth else x
    return xp.concatenate([x[: depth - 1], x[depth - 1 :].sum(0, keepdims=True)])


class Landing:
    """Where the masses of one month go: what is taken from each part of the state, what lands in it, who seeks a
    place."""

    def __init__(self, of: Expectation, state: State, month: Month, xp: Any) -> None:
        self.of, self.state, self.month, self.xp = of, state, month, xp
        self.taken = {"still": 0.0, "queue": [0.0] * (len(STAGES) - 1), "plans": 0.0, "contested": 0.0}  # type: dict[str, Any]
        self.still: Any = 0.0
        self.queue: list[Any] = [0.0] * (len(STAGES) - 1)
        self.going_on: list[Any] = [0.0] * (len(STAGES) - 1)
        self.plans: Any = 0.0
        self.contested: Any = 0.0
        self.seek: dict[str, Any] = {}
        self.redirected = bool(month.contests)
        self.redirected_appeals: Any = 0.0
        """[n] plans contested since a policy sent their holders elsewhere than their choice"""
        self.eventless: Any = 0.0
        """plans to which nothing has happened: who may be reviewed"""
        self.entered: Any = 0.0
        """[n, a, d, p, h] who comes to each placement with a plan this month, and of these whose choice to stay where
        they are is ``remained``; noted only where places are scarce"""
        self.remained: Any = 0.0
        self.origins: Any = 0.0
        """[n, from, to] of those who come, who had a placement with a plan already"""

    # an event

    def happen(self, p: Process, part: str, mask: NDArray[np.float64]) -> tuple[Array, Array]:
        """Take what the process takes from one part of the state and land both outcomes. Returns [yes or no, n] and
        plans on time."""
        total: Any = 0.0
        timely: Any = 0.0
        for mass, within, stage in self._sources(part, mask):
            flow = mass * (within * self._rate(p.rate_name, part, stage))  # the small ones first
            yes = flow * self._rate(p.share, part, stage) if p.share else flow
            if p.yes.effect & Effect.TIMED and part == "queue":
                timely = timely + (yes.sum((1, 2, 3, 4, 5)) * self.of.on_time[: yes.shape[0]]).sum()
            self._take(part, stage, flow)
            ways = [self._land(p.yes, yes, part, stage)]
            ways.append(self._land(p.no, flow - yes, part, stage) if p.no else 0 * ways[0])
            total = total + self.xp.stack(ways)
        return total, timely

    def _sources(self, part: str, mask: NDArray[np.float64]) -> list[tuple[Array, Array, int]]:
        """(mass, mask, stage) of the children that the process can happen to."""
        if part == "still":
            return [(self.state.still, mask, 0)]
        if part == "queue":
            return [(self.state.queue[k], mask[k][:, None], k) for k in range(len(mask)) if mask[k].any()]
        if part == "plans":
            return [(self.state.plans, mask[:, None], 0)]
        if part == "contested":
            return [(self.state.contested, np.ones(1), 0)]
        return [(self.eventless, self.month.phase, 0)]

    def _rate(self, name: str, part: str, stage: int) -> Array:
        """A rate shaped for a part of the state."""
        r = self.month.rates[name][:, :, :, :, 0]
        if part in ("plans", "contested", "review"):
            return r[0][..., None]
        codes = self.of.without_plan[: self.of.queue_placements if part == "queue" else None]
        r = r[: self.of.depths[stage]] if part == "queue" else r[0]
        return (r[..., np.array(codes)] if r.shape[-1] > 1 else r)[..., None, :]

    def _take(self, part: str, stage: int, flow: Array) -> None:
        if part == "queue":
            self.taken["queue"][stage] = self.taken["queue"][stage] + flow
        else:
            key = "plans" if part == "review" else part
            self.taken[key] = self.taken[key] + flow

    # where it lands

    def _land(self, o: Outcome, flow: Array, part: str, stage: int) -> Array:
        """Send a mass to where an outcome puts it. Returns the mass by school year."""
        if part == "queue" and o.stage not in (None, Stage.NONE) and not o.effect & Effect.START_CLOCK:
            k, depth = int(o.stage) - 1, self.of.depths[int(o.stage) - 1]
            self.going_on[k] = self.going_on[k] + _deepen(flow, depth, self.xp)  # the months since go on
            return flow.sum((0, 2, 3, 4, 5))
        flow = flow.sum(0) if part == "queue" else flow
        by_ncy = flow.sum(tuple(range(1, flow.ndim)))
        if part in ("still", "queue"):
            self._land_without_plan(o, flow, part, stage)
        else:
            self._land_with_plan(o, flow)
        return by_ncy

    def _land_without_plan(self, o: Outcome, flow: Array, part: str, stage: int) -> None:
        """From [n, a, d, s, q]."""
        if o.effect & Effect.NAME_NEED:
            flow = self._name(flow)
        if o.support == Support.PLAN:
            self._add_seekers(o.choice, flow.sum((3, 4)))
            return
        if o.support is not None:
            flow = flow.sum(3, keepdims=True) * np.eye(2)[int(o.support)][:, None]
        if o.effect & Effect.GO:
            code = self.of.setting.book.vocabulary.code(o.placement)
            flow = flow.sum(4, keepdims=True) * np.eye(len(self.of.without_plan))[self.of.without_plan.index(code)]
        to = int(o.stage) if o.stage is not None else (stage + 1 if part == "queue" else 0)
        if to == 0:
            self.still = self.still + self._unfold(flow)
        else:
            self.queue[to - 1] = self.queue[to - 1] + self._fold(flow)

    def _fold(self, flow: Array) -> Array:
        """Onto the placements that are told apart while a request is open."""
        return flow.sum(-1, keepdims=True) if self.of.queue_placements == 1 else flow

    def _unfold(self, flow: Array) -> Array:
        """Back onto all placements without a plan: those not told apart are in school."""
        wide = flow.shape[-1] > 1 or len(self.of.without_plan) == 1
        return flow if wide else flow * np.eye(len(self.of.without_plan))[0]

    def _land_with_plan(self, o: Outcome, flow: Array) -> None:
        """From [n, a, d, p, h]."""
        if o.effect & Effect.END_PLAN:
            support = np.eye(2)[int(o.support or 0)][:, None] * np.eye(len(self.of.without_plan))[0]
            self.still = self.still + flow.sum((3, 4))[..., None, None] * support
        elif o.effect & Effect.MOVE:
            self._add_seekers(o.choice, flow)
        elif o.stage == Stage.APPEALING:
            self.contested = self.contested + flow
        else:
            self.plans = self.plans + (self._rename(flow) if o.effect & Effect.CHANGE_NEED else flow)

    def _add_seekers(self, choice: str, flow: Array) -> None:
        self.seek[choice] = self.seek.get(choice, 0.0) + flow

    def _name(self, flow: Array) -> Array:
        """Whose need nobody had named is given the first needs of the school year."""
        if flow.shape[2] == 1:
            return flow
        unnamed = np.eye(len(NEEDS))[NONE_YET][:, None, None]
        first = self.of.setting.book.needs["first"][:, None, :, None, None]
        return flow * (1 - unnamed) + (flow * unnamed).sum(2, keepdims=True) * first

    def _rename(self, flow: Array) -> Array:
        if flow.shape[2] == 1:
            return flow
        return flow.sum(2, keepdims=True) * self.of.setting.book.needs["change"][:, None, :, None, None]

    # placing

    def settle(self, fresh: Array) -> State:
        """Place the seekers, transfer in September whom nobody has placed this month, and move the clocks on."""
        xp, s, m = self.xp, self.state, self.month
        waiting = s.plans - self.taken["plans"] + self.plans
        contested = s.contested - self.taken["contested"] + self.contested
        entering = np.array(self.of.setting.enters, float)[:, None, None, :, None]
        w, enters = self._weights("transfer"), entering * m.september
        sent = self._contests("transfer", waiting, enters)
        if self.of.counts_entries:
            self._note_transfers(waiting + contested, w, enters, fresh)

        def transferred(plans: tuple[Array, Array]) -> tuple[Array, Array]:
            stay_or_go = w * entering + np.eye(w.shape[-1]) * (1 - entering)
            return self._moved(plans[0], stay_or_go), self._moved(plans[1], stay_or_go)

        waiting, contested = if_so(m.september, transferred, (waiting, contested), xp)
        if sent is not None:
            waiting, contested = waiting - sent, contested + sent
        for choice, mass in self.seek.items():
            sent, placed = self._contests(choice, mass), self._placed(mass, self._weights(choice))
            fresh = fresh + placed
            if sent is not None:
                fresh, contested = fresh - sent, contested + sent
            if self.of.counts_entries:
                self._note_choice(choice, mass, placed)
        queue = []
        for k, depth in enumerate(self.of.depths):
            stay = s.queue[k] - self.taken["queue"][k] + self.going_on[k]
            new = self.queue[k] + xp.zeros_like(stay[0])
            middle, last = stay[1 : depth - 2], stay[max(depth - 2, 1) : depth - 1] + stay[depth - 1 :]
            first = new[None] + stay[:1]
            aged = [first + stay[1:]] if depth == 2 else [first, middle, last]
            queue.append(xp.concatenate([xp.zeros_like(stay[:1]), *aged]))
        return State(s.still - self.taken["still"] + self.still, tuple(queue), waiting + fresh, contested)

    def _weights(self, choice: str) -> Array:
        """[n, a or 1, d or 1, p or 1, to] of a choice, after what policies redirect."""
        return self.month.moves[choice] if choice in self.month.moves else self.of.moves[choice][:, None]

    def _contests(self, choice: str, mass: Array, when: Any = 1.0) -> Any:
        """[n, a, d, p, h] of seekers who contest where a policy sends them; None where it sends nobody."""
        if choice not in self.month.contests:
            return None
        sent = self._placed(mass, self.month.contests[choice] * when)
        self.redirected_appeals = self.redirected_appeals + sent.sum((1, 2, 3, 4))
        return sent

    def _note_transfers(self, plans: Array, w: Array, enters: Array, fresh: Array) -> None:
        """Who comes to each placement by September's transfers or from elsewhere, and who chose to stay."""
        same, going = np.eye(w.shape[-1]), plans * enters
        self.entered = fresh + self._moved(going, w * (1 - same))
        self.remained = self._moved(going, w * same)
        self.origins = self._origins(going, w)

    def _origins(self, mass: Array, w: Array) -> Array:
        """[n, from, to] of those who leave the placement they are in."""
        return (mass.sum(4)[..., None] * w * (1 - np.eye(w.shape[-1]))).sum((1, 2))

    def _note_choice(self, choice: str, mass: Array, placed: Array) -> None:
        """The same of those who chose this month otherwise; a first plan has no placement to stay in."""
        w = self._weights(choice)
        if mass.ndim == 5 and w.shape[3] > 1:
            stay = mass * np.einsum("nadpp->nadp", w)[..., None]
            self.entered, self.remained = self.entered + placed - stay, self.remained + stay
            self.origins = self.origins + self._origins(mass, w)
        else:
            self.entered = self.entered + placed

    def _placed(self, mass: Array, w: Array) -> Array:
        """[n, a, d, p, h] of seekers after their choice; first places are reviewed a year from now."""
        if mass.ndim == 3:
            return (mass[..., None] * w[:, :, :, 0])[..., None] * self.month.begins
        if w.shape[3] > 1:
            return self._moved(mass, w)
        return mass.sum(3)[:, :, :, None, :] * w[:, :, :, 0][..., None]

    def _moved(self, mass: Array, w: Array) -> Array:
        """Plans by the placement that they move to."""
        return self.xp.matmul(self.xp.swapaxes(w, 3, 4), mass)
