"""The playground without Streamlit: one gateway to every model (ARCH-002, SPEC-001)."""
