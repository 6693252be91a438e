"""What the edges cost and save, measured: ``make bench-edges`` (docs/load.md)."""
