"""The print lane: products now, pages later."""
