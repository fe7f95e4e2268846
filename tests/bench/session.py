"""A browser's side of a Streamlit session: its websocket, without a browser."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

LIMIT_S = 30


class Session:
    """A page that was opened, and somebody who types into one of its fields."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._field = ""
        self._typed = 0

    async def open(self) -> None:
        """Load the page and find a field to type into."""
        for message in await self._rerun(BackMsg()):
            element = message.delta.new_element
            if element.WhichOneof("type") in ("text_input", "text_area"):
                self._field = self._field or getattr(element, element.WhichOneof("type")).id
        if not self._field:
            raise RuntimeError("The page has no field to type into.")

    async def act(self) -> float:
        """Type something new; milliseconds until the page has been run again."""
        self._typed += 1
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(
            id=self._field, string_value=f"담은 텀블러 {self._typed}"
        )
        began = time.perf_counter()
        await self._rerun(message)
        return (time.perf_counter() - began) * 1000

    async def _rerun(self, message: BackMsg) -> list[ForwardMsg]:
        """Ask for a run of the script; all that the page was sent until its end."""
        message.rerun_script.SetInParent()
        await self._socket.send(message.SerializeToString())
        received: list[ForwardMsg] = []
        async for data in self._socket:
            assert isinstance(data, bytes)
            answer = ForwardMsg.FromString(data)
            received.append(answer)
            if answer.WhichOneof("type") != "script_finished":
                continue
            if answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return received
        raise ConnectionError("The session ended.")


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Session]:
    """A session of the app at `url` with its page open."""
    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    protocol = [Subprotocol("streamlit")]
    async with connect(address, subprotocols=protocol, max_size=None, proxy=None) as socket:
        opened = Session(socket)
        await opened.open()
        yield opened
