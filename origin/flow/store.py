"""Seal what was rendered and store it, unless a purge or an erase came in between."""

from __future__ import annotations

import hashlib

from blake3 import blake3

from origin.ports import DerivativeStore
from origin.values import Derivative, DerivativeName, Rendered


def seal(rendered: Rendered, generation: int) -> Derivative:
    """Return the derivative: the bytes, their two digests and the generation they belong to."""
    return Derivative(
        content=rendered.content,
        digest=blake3(rendered.content).hexdigest(),
        sha256=hashlib.sha256(rendered.content).hexdigest(),
        generation=generation,
        width_px=rendered.width_px,
        height_px=rendered.height_px,
    )


async def store(
    derivatives: DerivativeStore, name: DerivativeName, rendered: Rendered, generation: int
) -> Derivative:
    """Store it and return what is stored; raises RenderFailed "render.superseded"."""
    return await derivatives.put(name, seal(rendered, generation))
