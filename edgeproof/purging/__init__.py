"""Purges: the manager's wiring, its API and worker, orders, proofs and the audit's files."""
