"""edgeproof against the tools that people would pick instead: one run, alternating, in ratios."""
