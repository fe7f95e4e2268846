"""A whole office at once: `python -m tests.bench.load` (docs/reliability.md, "Load").

Thirty people with a browser and twenty REST clients use the real app (`streamlit run app.py`, mock
mode) on loopback for three minutes; one person and one client alone are measured just before, on
the same app, and are what the latencies are told as ratios to. It stops by itself.

A person is a Streamlit session as a browser keeps it (`tab.py`): one websocket, all widgets' values
with every message, a clock for each fragment that refreshes itself. What is not fetched are the
frontend's own files, which a browser has after its first visit.

Why no locust: its users are greenlets over a patched standard library with a client of its own,
so a person's tab, which listens, ticks and acts at once, would be three greenlets around a
synchronous websocket, and Flask, gevent and ZeroMQ would be three dependencies of a test. The load
comes from one process here: on two cores the app has one, and coroutines leave it that. What
locust would give, its tables and its web page, is the small part.
"""
