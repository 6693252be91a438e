"""A shop over its quota loses what it used least lately, and nothing that is new."""

from __future__ import annotations
