"""The playground without Streamlit: one gateway to every model (ARCH-002, SPEC-001)."""

__version__ = "0.1.0"
