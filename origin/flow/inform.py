"""info.json: what a page or an edge needs to lay a photo out before a pixel of it has arrived."""

from __future__ import annotations

import json

from origin.flow.store import seal
from origin.values import Asset, Derivative, Rendered


def information(asset: Asset) -> Derivative:
    """Return the document as the origin serves it: no capture data, no owner, no file name.

    width, height: px, upright. thumbhash: base64 of a ThumbHash. dominant: rrggbb.
    warnings: the closed set of docs/intake.md.
    """
    photo = asset.photo
    document = {
        "width": photo.width_px,
        "height": photo.height_px,
        "format": photo.format,
        "has_alpha": photo.has_alpha,
        "profile_status": photo.profile_status.value,
        "thumbhash": asset.thumbhash,
        "dominant": asset.dominant,
        "warnings": list(asset.warnings),
    }
    content = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    rendered = Rendered(content, photo.width_px, photo.height_px, {})
    return seal(rendered, asset.generation)
