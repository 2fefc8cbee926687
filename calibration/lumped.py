"""The lumped expectation on JAX: a forecast that is differentiable in a multiplier of every rate, in a few
milliseconds.

    forecast = Forecast(setting)
    theta = forecast.names                    # one multiplier a rate, in this order
    forecast.stocks(np.ones(len(theta)))      # [month, support + placement] expected children
    forecast.gradient(weights)(np.ones(...))  # of any weighted sum of stocks

This is what a fit runs on; its gap to the exact expectation and to the children is measured (``docs/expected.md``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import cache
from cohort.expected import LUMPED, Coarse, Expectation, Flows, Month, State
from cohort.setting import Setting

FASTER = (
    "--xla_cpu_use_fusion_emitters=true",
    "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000",
)
"""Up to half off the time of a forecast: a month is hundreds of small operations, each with its own cost of being
called, so they are fused, and a loop over months is compiled as one whole, whatever it holds. Each is added to
XLA_FLAGS unless that says something about it already; JAX reads them when it first computes."""


def jax_numpy() -> tuple[Any, Any]:
    """(jax, jax.numpy) in double precision on this machine's processor. Raises ImportError that names the extra."""
    flags = os.environ.get("XLA_FLAGS", "")
    added = [flag for flag in FASTER if flag.partition("=")[0] not in flags]
    os.environ["XLA_FLAGS"] = " ".join([*flags.split(), *added])
    try:
        import jax
    except ImportError as error:
        raise ImportError(
            "the differentiable expectation needs the 'calibrate' extra: pip install 'kent-cohort[calibrate]'"
        ) from error
    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    jax.config.update("jax_compilation_cache_dir", str(cache.within("jax")))  # type: ignore[no-untyped-call]
    return jax, jax.numpy


def by_month(jax: Any, one: Callable[[State, Month], Any]) -> Callable[[State, Month], Any]:
    """A month whose gradient keeps only the state that it began from and works out the rest anew on the way back.

    23 kB a month instead of 260, which stays in a processor's cache: a quarter off the time of a gradient.
    """
    again: Callable[[State, Month], Any] = jax.checkpoint(one, prevent_cse=False)  # a scan keeps the two runs apart
    return again


def _lasting(months: list[Month]) -> dict[str, NDArray[np.float64]]:
    """The choices whose weights are the same in all months: as constants of what is compiled, and not 60 kB to be read
    each month, which would be half of a gradient's time."""
    first = months[0].moves
    return {c: w for c, w in first.items() if all(np.array_equal(w, m.moves[c]) for m in months)}


class Forecast:
    """A setting's expectation as one compiled function of the rates' multipliers."""

    def __init__(self, setting: Setting, coarse: Coarse = LUMPED) -> None:
        self.jax, self.xp = jax_numpy()
        self.expectation = Expectation(setting, coarse)
        self.names = tuple(setting.book.rates.base)
        first, last = setting.scenario.first, setting.scenario.last
        months = [self.expectation.month(m) for m in range(first, last)]
        self._lasting = _lasting(months)
        own = [m._replace(moves={c: w for c, w in m.moves.items() if c not in self._lasting}) for m in months]
        self._months = self.jax.tree.map(lambda *x: self.xp.stack([self.xp.asarray(v) for v in x]), *own)
        self._start = self.jax.tree.map(self.xp.asarray, self.expectation.start())
        self.run: Callable[[Any], tuple[Any, Flows]] = self.jax.jit(self._run)

    def _run(self, theta: Any) -> tuple[Any, Flows]:
        """[month, 2 + placements] stocks at the end of each month (none, SEN Support, plans by placement), and its
        flows."""

        def one(state: State, month: Month) -> tuple[State, tuple[Any, Flows]]:
            whole = month._replace(moves=self._lasting | month.moves)
            state, flows = self.expectation.step(state, whole, self.xp)
            return state, (self._count(state), flows)

        # all months' rates at once: in the loop each would be one small product, and in reverse one small sum, a month
        scaled = {name: self._months.rates[name] * theta[k] for k, name in enumerate(self.names)}
        months = self._months._replace(rates=scaled)
        _, (stocks, flows) = self.jax.lax.scan(by_month(self.jax, one), self._start, months)
        return stocks, flows

    def _count(self, state: State) -> Any:
        without = state.still.sum((0, 1, 2, 4)) + sum(part.sum((0, 1, 2, 3, 5)) for part in state.queue)
        return self.xp.concatenate([without, (state.plans + state.contested).sum((0, 1, 2, 4))])

    def stocks(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """[month, 2 + placements] expected children with needs at the end of each month."""
        return np.asarray(self.run(self.xp.asarray(theta))[0])

    def gradient(self, weights: NDArray[np.float64]) -> Callable[[Any], tuple[Any, Any]]:
        """A compiled function of theta: the sum of stocks x weights, and its gradient."""
        return self.jax.jit(self.jax.value_and_grad(lambda theta: (self._run(theta)[0] * weights).sum()))
