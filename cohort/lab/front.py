"""What stands before marimo's server: its script, some 250 files a page, from memory, and word of the first visitor.

Through marimo's own stack each file takes some milliseconds of a single thread, which made a fifth of the first page.
Files' names hold a hash of what is in them, so a browser may keep them.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
AT = "/assets/"
FOR_EVER = b"public, max-age=31536000, immutable"


@dataclass
class Front:
    """An ASGI application before another: files of a folder at ``AT``, all else from the other. ``opened`` is called as
    soon as somebody asks for anything."""

    app: App
    folder: Path
    opened: Callable[[], None] = lambda: None
    _names: frozenset[str] = field(init=False)
    _held: dict[str, tuple[bytes, bytes]] = field(default_factory=dict, init=False)
    """name -> kind, content"""

    def __post_init__(self) -> None:
        self._names = frozenset(p.name for p in self.folder.iterdir() if p.is_file())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.opened()
        name = scope["path"].removeprefix(AT)
        if scope["method"] == "GET" and scope["path"].startswith(AT) and name in self._names:
            await self._give(name, send)
        else:
            await self.app(scope, receive, send)

    async def _give(self, name: str, send: Send) -> None:
        if name not in self._held:
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._held[name] = kind.encode(), (self.folder / name).read_bytes()
        kind_, content = self._held[name]
        headers = [(b"content-type", kind_), (b"content-length", str(len(content)).encode()),
                   (b"cache-control", FOR_EVER), (b"x-content-type-options", b"nosniff")]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


__all__ = ["Front"]
