"""A browser's tab on a page of the app, without the browser: its websocket and what it keeps.

It does what Streamlit 1.67's frontend does: sends the values of all widgets with every message,
asks for each fragment that refreshes itself by its own clock, keeps large messages and tells the
server which, and forgets what a finished run of the script no longer drew.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.bench.load.clocks import Clocks
from tests.bench.load.complaints import complaint_of
from tests.bench.load.shown import Shown
from tests.bench.load.tally import Tally
from tests.bench.load.widgets import id_of

LIMIT_S = 60
_EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"


class Tab:
    """One open page. `act` and its like return when the script has run to its end."""

    def __init__(self, url: str, socket: ClientConnection, tally: Tally) -> None:
        self.query = ""
        self.pages: dict[str, str] = {}
        self._url, self._socket, self._tally = url, socket, tally
        self.path = self._page = self._main = ""
        self._shown = Shown()
        self._clocks = Clocks(self._ask_for, tally)
        self._kept: dict[str, ForwardMsg] = {}
        self._run = 0
        self._fragments: list[str] = []
        self._waiting: asyncio.Future[None] | None = None
        self._started = False
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Open the page at the tab's address."""
        await self._rerun(BackMsg())

    async def press(self, key: str) -> None:
        """Press the button with this key."""
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add(trigger_value=True)
        state.id = self._widget(key)
        await self._rerun(message)

    async def type(self, key: str, text: str) -> None:
        """Type into a field and leave it."""
        widget = self._widget(key)
        self._shown.states[widget] = WidgetState(id=widget, string_value=text)
        await self._rerun(BackMsg())

    async def tell(self, key: str, event: str) -> None:
        """Have one of our own components send its event (JSON, as a list)."""
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add(json_trigger_value=event)
        state.id = _EVENTS.format(self._widget(key))
        await self._rerun(message)

    async def go(self, path: str) -> None:
        """Choose a page in the navigation, by its path."""
        self._clocks.stop_all()
        self._page, self.path, self.query = self.pages[path], path, ""
        self._shown.leave_page(self._main)
        await self._rerun(BackMsg())

    async def until(self, fits: Callable[[], bool], patience: float = LIMIT_S) -> None:
        """Wait until the page is so, while its fragments refresh themselves; `patience` in s."""
        async with asyncio.timeout(patience):
            while not fits():
                self._changed.clear()
                await self._changed.wait()

    def has(self, key: str) -> bool:
        """Whether a widget is on the page whose key begins like this."""
        return self._shown.has(key)

    def element(self, key: str) -> Element | None:
        """The widget with this key that is on the page."""
        return self._shown.element(key)

    def value(self, key: str) -> str:
        """What stands in the field with this key."""
        return self._shown.states[self._widget(key)].string_value

    async def listen(self) -> None:
        """Take in what the server sends, until the connection ends."""
        async for data in self._socket:
            assert isinstance(data, bytes)
            self._take(ForwardMsg.FromString(data))
        raise ConnectionError("the server closed the session")

    def fail(self, error: BaseException) -> None:
        """Whoever waits for the page waits in vain."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    def close(self) -> None:
        """Stop every clock."""
        self._clocks.stop_all()

    def _widget(self, key: str) -> str:
        element = self.element(key)
        if element is None:
            raise LookupError(f"no widget {key} is on the page {self.path or 'text'}?{self.query}")
        return id_of(element)

    async def _rerun(self, message: BackMsg) -> None:
        self._waiting, self._started = asyncio.get_running_loop().create_future(), False
        try:
            await self._send(message)
            async with asyncio.timeout(LIMIT_S):
                await self._waiting
        finally:
            self._waiting = None

    async def _send(self, message: BackMsg) -> None:
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self._page
        asked.widget_states.widgets.extend(self._shown.states.values())
        asked.cached_message_hashes.extend(self._kept)
        about = asked.context_info
        about.timezone, about.timezone_offset, about.locale = "Asia/Seoul", -540, "en-US"
        about.url, about.color_scheme, about.is_embedded = (
            f"{self._url}/{self.path}",
            "light",
            False,
        )
        await self._socket.send(message.SerializeToString())

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "delta":
                self._draw(message)
            case "ref_hash":
                known = ForwardMsg()
                known.CopyFrom(self._kept[message.ref_hash])
                known.metadata.CopyFrom(message.metadata)
                self._draw(known)
            case "new_session":
                self._begin(message)
            case "script_finished":
                self._finish(message)
            case "navigation":
                self._page = message.navigation.page_script_hash
                pages = message.navigation.app_pages
                self.pages = {page.url_pathname: page.page_script_hash for page in pages}
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "auto_rerun":
                self._clocks.start(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._clocks.stop(fragment)
            case "page_not_found":
                self._tally.complain(f"page not found: {message.page_not_found.page_name}")

    def _begin(self, message: ForwardMsg) -> None:
        self._fragments = list(message.metadata.run.fragment_ids)
        if self._fragments and self._started:
            # Streamlit does not tell the end of a run when the next is asked for at that moment.
            self._answered()
        self._run += 1
        if not self._fragments:
            self._clocks.stop_all()
            self._main = message.new_session.main_script_hash
            self._started = self._waiting is not None
        self._clocks.begun(self._fragments)

    def _draw(self, message: ForwardMsg) -> None:
        delta, meta = message.delta, message.metadata
        if meta.cacheable:
            self._kept[message.hash] = message
        if complaint := complaint_of(delta):
            self._tally.complain(f"{self.path or 'text'}?{self.query}: {complaint}")
        if delta.WhichOneof("type") != "new_element":
            return
        self._shown.draw(
            delta.new_element,
            tuple(meta.delta_path),
            run=self._run,
            fragment=delta.fragment_id,
            script=meta.active_script_hash,
        )

    def _finish(self, message: ForwardMsg) -> None:
        how = message.script_finished
        if how == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self._tally.complain("a script could not be compiled")
        if how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._clocks.answered()
        self._shown.forget_stale(self._run, set(self._fragments))
        if self._started and not self._fragments:
            self._answered()
        self._changed.set()

    def _answered(self) -> None:
        self._started = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _ask_for(self, fragment: str) -> None:
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = True
        with suppress(ConnectionClosed):  # `listen` tells of it
            await self._send(message)


@asynccontextmanager
async def opened_tab(url: str, tally: Tally, query: str = "") -> AsyncIterator[Tab]:
    """A tab of the app at `url` with its page open, closed as a person closes it.

    Raises ConnectionClosed when the server went away meanwhile.
    """
    async with httpx.AsyncClient(trust_env=False) as http:
        for path in ("health", "host-config"):
            (await http.get(f"{url}/_stcore/{path}")).raise_for_status()
    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    protocol = [Subprotocol("streamlit")]
    async with connect(address, subprotocols=protocol, max_size=None, proxy=None) as socket:
        tab = Tab(url, socket, tally)
        tab.query = query
        listening = asyncio.create_task(tab.listen())
        listening.add_done_callback(lambda task: _told(task, tab))
        try:
            await tab.load()
            yield tab
        finally:
            tab.close()
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def _told(task: "asyncio.Task[None]", tab: Tab) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        tab.fail(error)
