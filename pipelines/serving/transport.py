"""Transport: one try of one call, over aiohttp. Everything that can happen to it becomes a `Verdict`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.serving.addresses import Address
from pipelines.serving.backoff import asked_wait
from pipelines.serving.verdicts import Verdict, judge
from schemas.errors import MissingExtraError

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES: Final = 16 << 20  # of an answer
_MOST_ERROR_BYTES: Final = 64 << 10
_CONNECT: Final = 10.0  # seconds
_PROBE: Final = 5.0  # seconds
_KEEP_ALIVE: Final = 2.0  # seconds: uvicorn hangs up after 5, and a post that meets that is lost


class Transport:
    """Connections to the replicas. All methods but the constructor run in one event loop."""

    def __init__(self, deadline: float) -> None:
        try:
            import aiohttp
        except ImportError:
            raise MissingExtraError("llm", "Labeling by a language-model server") from None
        self._deadline = deadline
        self._lost = (aiohttp.ClientError, OSError)  # of which TimeoutError is one
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                # The window bounds the connections; a limit here would only hide calls from it.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE),
                timeout=aiohttp.ClientTimeout(
                    total=self._deadline, sock_connect=min(_CONNECT, self._deadline)
                ),
                # Neither proxies of the environment, nor cookies, nor compressed bombs.
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "Content-Type": "application/json"},
                skip_auto_headers=("User-Agent", "Accept"),
            )
        return self._session

    async def post(self, address: Address, path: str, body: bytes) -> Verdict:
        """One try."""
        headers = {"Authorization": address.authorization} if address.authorization else None
        try:
            async with self._open().post(
                address.base + path, data=body, headers=headers, allow_redirects=False
            ) as response:
                good = response.status == 200
                content = await _read(response, MOST_BYTES if good else _MOST_ERROR_BYTES)
                if content is None and good:
                    return Verdict("refused", detail=f"an answer above {MOST_BYTES >> 20} MiB")
                wait = asked_wait(response.headers.get("Retry-After"))
                return judge(response.status, content or b"", wait, address.label, path)
        except TimeoutError as error:
            return _timed_out(error, self._deadline)
        except self._lost as error:
            return Verdict("failed", detail=type(error).__name__)

    async def get(self, address: Address, path: str) -> tuple[int, bytes]:
        """Status and body of a page; status 0 when there is no answer within 5 seconds."""
        import aiohttp

        headers = {"Authorization": address.authorization} if address.authorization else None
        try:
            async with self._open().get(
                address.base + path,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_PROBE),
            ) as response:
                return response.status, await _read(response, MOST_BYTES) or b""
        except self._lost:
            return 0, b""

    async def close(self) -> None:
        """Hangs up."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _timed_out(error: Exception, deadline: float) -> Verdict:
    import aiohttp

    if isinstance(error, aiohttp.ConnectionTimeoutError):  # nobody is there: not a slow answer
        return Verdict("failed", detail=type(error).__name__)
    return Verdict("late", detail=f"no answer in {deadline:g} s")


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The body, or None when it is longer than `most` bytes: no server can fill our memory."""
    length = response.content_length
    if length is not None:
        if length > most:
            response.close()
            return None
        return await response.read()
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            response.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)
