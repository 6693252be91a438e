"""Purges: select, plan, enqueue, send, verify, record. Its parts arrive with the purge work."""
