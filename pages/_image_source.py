"""The picture to start from: uploaded, or made before."""

from html import escape

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.pictures import MAX_UPLOAD_BYTES
from pages._i18n import _
from pages._image_address import picture_address
from pages._image_errors import picture_error_card
from pages._image_form import USUAL_DENOISE

_MIB = 1024 * 1024


def draw_source() -> None:
    """Draw the picture to start from and how far to leave it, or a place to put one."""
    sha256 = st.session_state.get("image_source")
    if sha256:
        _chosen(sha256)
        return
    number = st.session_state.setdefault("image_upload_number", 0)
    with st.expander(_("Start from a picture"), type="compact", key="image_source_fold"):
        st.file_uploader(
            _("A PNG, JPEG or WebP"),
            type=["png", "jpg", "jpeg", "webp"],
            max_upload_size=MAX_UPLOAD_BYTES // _MIB,
            key=f"image_upload_{number}",
            on_change=_uploaded,
            args=(f"image_upload_{number}",),
        )
        st.caption(_("Or choose “Start from this picture” at any picture on this page."))
    if refusal := st.session_state.pop("image_upload_refused", None):
        picture_error_card(refusal)


def use_source(sha256: str) -> None:
    """Start from this kept picture from now on."""
    st.session_state["image_source"] = sha256
    st.session_state.setdefault("image_denoise", USUAL_DENOISE)


def _chosen(sha256: str) -> None:
    st.caption(_("Starts from"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        address, alt = picture_address(sha256, width=160), _("The picture to start from")
        st.html(f'<img src="{escape(address)}" alt="{escape(alt)}">', width="content")
        st.button(
            _("Remove"),
            key="image_source_remove",
            icon=":material/close:",
            type="tertiary",
            on_click=_remove,
        )
    st.slider(
        _("How far to leave it"),
        0.0,
        1.0,
        step=0.05,
        key="image_denoise",
        help=_("0 keeps the picture, 1 forgets it (denoise)."),
        persist_state="session",
    )


def _uploaded(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        sha256 = _keep(file.getvalue(), file.name)
    except PlaygroundError as error:
        st.session_state["image_upload_refused"] = error
    else:
        use_source(sha256)
    # A new key empties the uploader: its file is on disk, or was refused.
    st.session_state["image_upload_number"] += 1


def _keep(data: bytes, name: str) -> str:
    """Keep an uploaded picture; its name from now on. Raises PlaygroundError."""
    return services.get_services().keep_upload(data, name=name).sha256


def _remove() -> None:
    st.session_state["image_source"] = None
