"""``cohort lab``: the policy lab in the browser, served by this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cohort.cli import MisuseError, asking, say

MOST = 2_000
"""Draws that a page asks for at most."""


def lab(
    study: Path | None = None,
    *,
    port: int = 2718,
    host: str = "127.0.0.1",
    draws: int = 200,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Serve the policy lab: move policies in the browser and see at once what they change. Ctrl-C stops it.

    It works offline. Whoever opens the page runs shipped rules only, never code of their own.

    Parameters
    ----------
    study
        A study whose scenarios can be begun from, besides those shipped; its second is begun with.
    port
        The port of the page; 0 is any that is free.
    host
        The address to serve on. Default: this machine only.
    draws
        Draws of rates, prices and sizes for the ranges; 0: the best estimate only.
    quiet
        Print the address and nothing else.
    """
    with asking():
        from cohort.lab import serve
        from cohort.results import Study

        if not 0 <= draws <= MOST:
            raise MisuseError(f"draws: {draws} given; allowed: 0 to {MOST}")
        serve.check()
        opened = None if study is None else Study.open(study)
        at = serve.bound(host, port)
    from cohort import cache
    from cohort.lab import bench

    if not serve.is_local(host):
        say(f"warning: whoever reaches {host} can use the lab, without a password")
    if not quiet and not cache.is_warm():
        say("compiling the month (first run only, about 20 s)")
    bench.warm()
    serve.run(at, opened, draws, lambda address: print(address, flush=True))


__all__ = ["lab"]
