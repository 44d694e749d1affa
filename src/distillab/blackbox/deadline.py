"""Replies that are whole in time: a socket's own limit begins anew with every byte, and so may never end.

To be imported only where something is sent: it loads requests.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3 import HTTPConnectionPool


class _InTime(io.RawIOBase):
    """What a socket receives until a moment."""

    def __init__(self, received: io.RawIOBase, connection: socket.socket, until: float) -> None:
        self._received, self._connection, self._until = received, connection, until

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        """Receive something.

        Raises:
            TimeoutError: it is too late.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        """Close the socket's file, too."""
        self._received.close()
        super().close()


class _Reply(HTTPResponse):
    """A reply whose status, headers and content come within the time that its first byte may take."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:  # noqa: ANN401 - as http.client's
        super().__init__(sock, *args, **more)
        limit = sock.gettimeout()
        if limit is not None:
            received = self.fp.detach()
            self.fp = io.BufferedReader(_InTime(received, sock, time.monotonic() + limit))


class InTime(HTTPAdapter):
    """Connections of which each reply has ended so many seconds after the request, as its timeout says."""

    def get_connection_with_tls_context(self, *args: Any, **more: Any) -> "HTTPConnectionPool":  # noqa: ANN401 - requests'
        """Those of requests, whose replies are read in time."""
        pool = super().get_connection_with_tls_context(*args, **more)
        if pool.ConnectionCls.response_class is not _Reply:  # type: ignore[attr-defined]
            pool.ConnectionCls = type("InTime", (pool.ConnectionCls,), {"response_class": _Reply})
        return pool
