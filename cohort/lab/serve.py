"""Serving the lab's page: marimo in this process, offline, on this machine unless told otherwise."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cohort.results import Study

if TYPE_CHECKING:
    import uvicorn

_HERE = Path(__file__).resolve().parents[1]
PAGE = "policy_lab.py"
KEPT = 5
"""Seconds for which a page that lost its connection may come back; then its work stops."""


class LabError(ValueError):
    """The lab cannot be served as asked: one line."""


def notebooks() -> Path:
    """Where the notebooks are: in the repository, or inside an installed package. Raises LabError."""
    for place in (_HERE.parent / "notebooks", _HERE / "_notebooks"):
        if (place / PAGE).is_file():
            return place
    raise LabError("the notebooks are missing; reinstall")


def check() -> None:
    """Raises LabError where the extra is not installed."""
    missing = [name for name in ("marimo", "uvicorn") if find_spec(name) is None]
    if missing:
        raise LabError(f"lab: {', '.join(missing)} not installed; allowed: pip install 'kent-cohort[app]' first")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any that is free. Raises LabError for one that cannot be had."""
    if not 0 <= port <= 65535:
        raise LabError(f"port: {port} given; allowed: 0 (any that is free) to 65535")
    made = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen()  # so that whoever is quicker than the server waits for it, rather than being refused
        return made
    except OSError as error:
        if made is not None:
            made.close()
        raise LabError(f"host {host}, port {port}: {error.strerror}; allowed: another port, or 0 for any") from error


def is_local(host: str) -> bool:
    """Whether nobody but this machine reaches a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(at: socket.socket, study: Study | None, draws: int, ready: Callable[[str], None]) -> NoReturn:
    """Serve until stopped, which ends the process; ``ready`` is told the address. ``draws`` are those of the ranges."""
    import marimo
    import uvicorn

    from cohort.lab import page, workers
    from cohort.lab.front import Front

    os.environ[page.DRAWS] = str(draws)
    if study is not None:
        os.environ[page.STUDY] = str(study.folder.resolve())
    _begin(draws)
    _rehearse()
    made = marimo.create_asgi_app(quiet=True, include_code=False, session_ttl=KEPT)
    app = made.with_app(path="", root=str(notebooks() / PAGE)).build()
    assets = Path(marimo.__file__).parent / "_static" / "assets"
    front = Front(app, assets, workers.workers().visit) if assets.is_dir() else app
    config = uvicorn.Config(front, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
    host, port = at.getsockname()[:2]
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    _serve(uvicorn.Server(config), at)


def _serve(server: uvicorn.Server, at: socket.socket) -> NoReturn:
    """Serve until a signal says otherwise, and end the process in order: the workers first, so that nothing of theirs
    is left behind. Not by returning: threads of marimo that wait for a visitor's next word would be waited for."""
    from cohort.lab import workers

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn closes what is open, then passes on what it was told
        signal.signal(number, _told)
    code = 0
    try:
        server.run(sockets=[at])
    except SystemExit as told:
        code = int(told.code or 0)
    if code == 128 + signal.SIGINT:
        print("cohort: stopped", file=sys.stderr)
    workers.workers().close()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _told(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _begin(draws: int) -> None:
    """Begin the draws of the base that the page opens with, before anybody asks for them."""
    from cohort.lab import bench, page, workers
    from cohort.lab.choice import Choice
    from cohort.lab.trunk import leaves
    from cohort.task import setting_of

    opened = Choice(page.offered()[page.first()])
    with suppress(ValueError), bench.alone():  # what is wrong with it is said on the page
        base, mine = opened.base(), opened.scenario()
        month = leaves(setting_of(base, 0), setting_of(mine, 0, base))
        workers.workers().begin(base, month, draws)


def _rehearse() -> None:
    """Run the page once, without ranges, so that the first visitor does not wait for what is then loaded."""
    spec = spec_from_file_location("policy_lab", notebooks() / PAGE)
    if spec is None or spec.loader is None:
        raise LabError(f"{PAGE} cannot be read; reinstall")
    page = module_from_spec(spec)
    spec.loader.exec_module(page)
    page.app.run(defs={"authority": "", "draws": 0})


__all__ = ["LabError", "bound", "check", "is_local", "notebooks", "run"]
