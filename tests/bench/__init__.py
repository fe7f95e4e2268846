"""How fast the playground is, as ratios to floors of the same run: `python -m tests.bench`.

docs/performance.md says what each figure means.
"""
