"""Addresses of servers as people may read them."""

import re


def safe_address(url: str) -> str:
    """`url` for people to read: credentials masked, no query."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//***@", bare)


def masked(text: str) -> str:
    """`text` with whatever could be credentials of an address masked, also of a broken one."""
    return re.sub(r"//.*@", "//***@", text, flags=re.DOTALL)
