"""Secrets out of whatever is written: the settings' own, and what looks like one."""

import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from core.settings import Settings

MASK = "***"
SHORT = 6  # characters up to which a secret may be a part of other words
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_CREDENTIALS = re.compile(r"\b(bearer|basic)( +)[\w.~+/-]{16,}=*", re.IGNORECASE)


class Masker:
    """Replaces secrets in text by `***`."""

    def __init__(self, settings: Settings) -> None:
        """Knows the secrets of `settings`, in each form in which libraries write them."""
        forms = {form for secret in _secrets(settings) for form in _forms(secret)}
        # The longest first: a secret may begin with another.
        known = [_pattern(form) for form in sorted(forms, key=len, reverse=True)]
        self._secrets = re.compile("|".join(known)) if known else None

    def mask(self, text: str) -> str:
        """`text` without secrets, without user and password in addresses."""
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        if "://" in text:
            text = _USERINFO.sub(f"{MASK}@", text)
        if " " in text:
            text = _CREDENTIALS.sub(rf"\1\2{MASK}", text)
        return text


def _secrets(settings: Settings) -> Iterator[str]:
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str) and "://" in value:
            parts = urlsplit(value)
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            if password:
                yield password
                yield b64encode(f"{user}:{password}".encode()).decode()


def _forms(secret: str) -> set[str]:
    """`secret` as it is, in an address, and in the bytes of a header as Python shows them."""
    shown = {secret, quote(secret, safe=""), repr(secret)[1:-1], repr(secret.encode())[2:-1]}
    return {form for form in shown if form}


def _pattern(form: str) -> str:
    if len(form) > SHORT:
        return re.escape(form)
    return rf"(?<!\w){re.escape(form)}(?!\w)"
