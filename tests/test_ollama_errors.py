"""What the Ollama provider makes of every refusal, and when it asks again."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from core.errors import (
    BrokenAnswer,
    ContextOverflow,
    ModelNotFound,
    ProviderError,
    ProviderOverloaded,
    ProviderRejected,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from core.types import Phase
from tests.fakes.ollama import BUSY, CRASH, OOM, Behaviour, FakeOllama, Reply
from tests.ollama_kit import (
    MODEL,
    REQUEST,
    Connect,
    collect,
    connecting,
    make_fake,
    phases_of,
    text_of,
    until_failure,
)

TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the "
    "prompt, adjust the context length in settings, or use a model with a longer context length"
)
NO_START = "llama-server process has terminated: exit status 1: unknown model architecture"
FORMAT = 'invalid format: "xml"; expected "json" or a valid JSON Schema object'
OPTION = 'option "temperature" must be of type float32'
OPENAI_404 = b'{"error":{"message":"File Not Found","type":"not_found_error","code":404}}'

REFUSALS = [
    (Reply.overflow(5031, 2048), ContextOverflow, ["5031", "2983 too many", "2048", "OLLAMA_NUM"]),
    (Reply.error(400, TOO_LONG), ContextOverflow, ["longer than", "Shorten"]),
    (Reply.error(400, "invalid model name"), ProviderRejected, ["invalid model name"]),
    (Reply.error(401, "unauthorized", signin_url="x"), ProviderUnauthorized, ["ollama signin"]),
    (Reply.plain(401, "Unauthorized"), ProviderUnauthorized, ["OLLAMA_API_KEY"]),
    (Reply.page(401), ProviderUnauthorized, ["OLLAMA_API_KEY"]),
    (Reply.plain(403), ProviderRejected, ["OLLAMA_HOST", "OLLAMA_ORIGINS"]),
    (Reply.error(403, "ollama cloud is disabled"), ProviderRejected, ["cloud is disabled"]),
    (Reply.error(404, f"model '{MODEL}' not found"), ModelNotFound, [f"ollama pull {MODEL}"]),
    (Reply.error(404, f'model "{MODEL}" not found, try pulling it first'), ModelNotFound, ["pull"]),
    (Reply.plain(404, "404 page not found"), ProviderRejected, ["not look like an Ollama server"]),
    (Reply(404, OPENAI_404), ProviderRejected, ["not look like an Ollama server"]),
    (Reply(404, b'{"detail":"Not Found"}'), ProviderRejected, ["not look like an Ollama server"]),
    (Reply.plain(405, "405 method not allowed"), ProviderRejected, ["not look like an Ollama"]),
    (Reply.page(404), ProviderRejected, ["a web page instead of an API", "OLLAMA_BASE_URL"]),
    (Reply.page(200), ProviderRejected, ["a web page instead of an API", "OLLAMA_BASE_URL"]),
    (Reply(302, location="https://x.test/login"), ProviderRejected, ["https://x.test/login"]),
    (Reply.error(429, "slow down"), ProviderOverloaded, ["slow down"]),
    (Reply.error(500, OPTION), ProviderRejected, ["temperature", "will not help"]),
    (Reply.error(500, FORMAT), ProviderRejected, ["invalid format"]),
    (Reply.error(500, OOM), ProviderError, ["out of memory", "smaller model"]),
    (Reply.error(500, NO_START), ProviderError, ["update Ollama", f"ollama pull {MODEL}"]),
    (Reply.error(500, CRASH), ProviderError, ["log"]),
    (Reply.plain(500), ProviderError, ["500", "log"]),
    (Reply.page(504), ProviderUnavailable, ["proxy", "504"]),
]
RETRIED = [
    (Reply.error(503, BUSY), ProviderOverloaded, ["busy"]),
    (Reply.page(502), ProviderUnavailable, ["proxy", "502 Bad Gateway"]),
    (Reply.page(503), ProviderUnavailable, ["proxy"]),
]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeOllama) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


@pytest.mark.parametrize(("reply", "kind", "words"), REFUSALS)
async def test_a_refusal_says_what_happened_and_what_to_do(fake, connect, reply, kind, words):
    fake.behave(Behaviour(reply=reply))
    events, error = await until_failure(connect())
    assert type(error) is kind
    assert [word for word in words if word not in error.message] == []
    assert "<" not in error.message
    assert (error.provider, error.status) == ("ollama", reply.status)
    assert phases_of(events) == [Phase.CONNECTING]
    assert len(fake.chats) == 1


@pytest.mark.parametrize(("reply", "kind", "words"), RETRIED)
async def test_a_busy_server_is_asked_twice_and_no_more(fake, connect, reply, kind, words):
    fake.behave(Behaviour(reply=reply))
    _, error = await until_failure(connect())
    assert type(error) is kind
    assert [word for word in words if word not in error.message] == []
    assert len(fake.chats) == 2


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(reply=Reply.error(503, BUSY)),
        Behaviour(reply=Reply.page(502)),
        Behaviour(reset=True),
    ],
)
async def test_asking_again_mends_what_passes(fake, connect, behaviour):
    fake.behave(behaviour, times=1)
    assert text_of(await collect(connect())) == "".join(Behaviour().pieces)
    assert len(fake.chats) == 2
    assert fake.chats[0].body == fake.chats[1].body


async def test_a_connection_that_always_breaks_is_given_up(fake, connect):
    fake.behave(Behaviour(reset=True))
    _, error = await until_failure(connect())
    assert type(error) is ProviderUnavailable
    assert len(fake.chats) == 2


async def test_the_details_of_an_overflow_are_numbers(fake, connect):
    fake.behave(Behaviour(reply=Reply.overflow(5031, 2048)))
    _, error = await until_failure(connect())
    assert error.details["prompt_tokens"] == 5031
    assert error.details["context_tokens"] == 2048


async def test_a_missing_model_is_named_in_the_details(fake, connect):
    _, error = await until_failure(connect(), REQUEST.model_copy(update={"model": "nope:3b"}))
    assert type(error) is ModelNotFound
    assert error.details["model"] == "nope:3b"
    assert "ollama pull nope:3b" in error.message


async def test_nothing_listening_says_what_to_start_and_which_setting(connect):
    _, error = await until_failure(connect(ollama_base_url=f"http://127.0.0.1:{closed_port()}"))
    assert type(error) is ProviderUnavailable
    assert "Start the server" in error.message
    assert "OLLAMA_BASE_URL" in error.message


async def test_an_unknown_host_is_told_from_a_dead_one(connect, monkeypatch):
    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    _, error = await until_failure(connect(ollama_base_url="http://no-such-host.invalid:11434"))
    assert type(error) is ProviderUnavailable
    assert "No machine has the name" in error.message


async def test_https_to_a_plain_server_is_told_as_such(fake, connect):
    _, error = await until_failure(connect(ollama_base_url=fake.url.replace("http:", "https:")))
    assert type(error) is ProviderUnavailable
    assert "secure connection" in error.message


ECHOED = "bad key sesame-opens and p@ss-word, bWluYTpwQHNzLXdvcmQ="


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(reply=Reply.error(401, ECHOED)),
        Behaviour(reply=Reply.error(400, ECHOED)),
        Behaviour(reply=Reply.plain(500, ECHOED)),
        Behaviour(reply=Reply.page(404, f"<title>{ECHOED}</title>")),
        Behaviour(end="error", error=ECHOED),
        Behaviour(end="reset"),
        Behaviour(reset=True),
        Behaviour(end="garbage"),
    ],
)
@pytest.mark.parametrize("way", ["key", "address"])
async def test_no_error_holds_a_credential(fake, connect, behaviour, way):
    fake.behave(behaviour)
    address = fake.url.replace("http://", "http://mina:p%40ss-word@")
    mine = {"ollama_base_url": address} if way == "address" else {"ollama_api_key": "sesame-opens"}
    _, error = await until_failure(connect(**mine))
    told = f"{error!r} {error.message} {error.details}"
    secrets = ["p@ss-word", "p%40ss-word", "bWluYTpwQHNzLXdvcmQ="]
    for secret in secrets if way == "address" else ["sesame-opens"]:
        assert secret not in told


async def test_a_key_that_no_header_can_hold_is_not_shown(fake, connect):
    _, error = await until_failure(connect(ollama_api_key="sesame\nopens"))
    assert "sesame" not in f"{error!r} {error.message} {error.details}"
    assert "OLLAMA_API_KEY" in error.message
    assert fake.chats == []


async def test_a_refusal_with_a_huge_body_is_told_in_short(fake, connect):
    fake.behave(Behaviour(reply=Reply.plain(400, "x" * 300_000)))
    _, error = await until_failure(connect())
    assert type(error) is ProviderRejected
    assert len(error.message) < 1000


async def test_a_line_of_an_answer_that_went_wrong_is_no_refusal(fake, connect):
    fake.behave(Behaviour(pieces=(), end="garbage"))
    _, error = await until_failure(connect())
    assert type(error) is BrokenAnswer


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
