"""Load on the real thing: sessions of visitors, shapes of load, and a verdict over each run.

``make load`` runs it; docs/load.md says how it measures and what it found.
"""
