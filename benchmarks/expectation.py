"""The lumped expectation on JAX: a run of Kent's baseline, and a run with its gradient in every rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.kent import baseline
from benchmarks.timing import median, rounds

if TYPE_CHECKING:
    from calibration.lumped import Forecast


def measure(times: int) -> dict[str, Any] | None:
    """Medians of ``times`` turns; None where none are asked for or the extra ``calibrate`` is not installed."""
    if not times:
        return None
    try:
        from calibration.lumped import Forecast

        forecast = Forecast(baseline())
    except ImportError:
        return None
    return timed(forecast, times)


def timed(forecast: Forecast, times: int) -> dict[str, Any]:
    """Seconds of a run and of a run with its gradient, each in a row as a fit calls them, compiled before; the gradient
    is of the plans at the end."""
    theta = forecast.xp.asarray(np.ones(len(forecast.names)))
    weights = np.zeros_like(forecast.stocks(theta))
    weights[-1, 2:] = 1
    acts = {"run": forecast.run, "gradient": forecast.gradient(weights)}
    wait = forecast.jax.block_until_ready
    ready = {name: (lambda: None, lambda _, act=act: wait(act(theta))) for name, act in acts.items()}
    rounds(ready, 1)
    taken = {name: rounds({name: act}, times, tidy=False)[name] for name, act in ready.items()}
    return {name: median(values) for name, values in taken.items()} | {"fastest": min(taken["gradient"])}
