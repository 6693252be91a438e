"""Where each check of the preflight draws its line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreflightLimits:
    """One limit per check; docs/preflight.md says what each is measured by and how it was chosen.

    dpi_share_percent: of the product's target; below it px may be seen.
    cropped_percent: of the photo that may lie outside the crop before a note says so.
    sharpness: variance of the Laplacian over that of the gradient, at print scale; 2.4 is a sharp
    photo's median, 0.5 that of one blurred by 1.5 px.
    overshoot: energy of the finest details over that of the next ones; 1.6 is a photo's median.
    clipped_percent: of the px that are all white or all black.
    highlight_level: 0..255; what the brightest hundredth of a photo reaches at least.
    banding: share of px that a smooth histogram would have elsewhere; 0.08 is a photo's median.
    gamut_percent: of the px whose colour the press cannot reach (ΔE00 over 2).
    transparent_percent: of the photo that is not opaque.
    """

    dpi_share_percent: float = 67.0
    cropped_percent: float = 25.0
    sharpness: float = 0.95
    overshoot: float = 4.0
    clipped_percent: float = 10.0
    highlight_level: float = 150.0
    banding: float = 0.35
    gamut_percent: float = 20.0
    transparent_percent: float = 0.1
