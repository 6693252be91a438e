"""What forty browsers send as Accept for an img, and how often visitors have them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

CHROMIUM: Final = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
CHROMIUM_WEBP: Final = "image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
CHROMIUM_79: Final = "image/webp,image/apng,image/*,*/*;q=0.8"
GECKO_128: Final = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
GECKO_92: Final = "image/avif,image/webp,*/*"
GECKO_65: Final = "image/webp,*/*"
SAFARI_17: Final = (
    "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,"
    "image/svg+xml,image/*;q=0.8,*/*;q=0.5"
)
SAFARI_16: Final = (
    "image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
)
SAFARI_14: Final = "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"
SAFARI_13: Final = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"

#: Share of the visitors by the best format that their browser names.
SHARES: Final = {"avif": 0.75, "webp": 0.20, "jpg": 0.05}


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser, the Accept line of its img elements, and the format that it gets for auto."""

    name: str
    accept: str
    ext: str


#: From MDN's list of default Accept values, WebKit's and Chromium's sources and
#: cache_keys/vectors/accept.json, which has the same lines.
BROWSERS: Final = (
    Browser("Chrome 143, desktop", CHROMIUM, "avif"),
    Browser("Chrome 143, Android", CHROMIUM, "avif"),
    Browser("Chrome 120, desktop", CHROMIUM, "avif"),
    Browser("Chrome 85, desktop", CHROMIUM, "avif"),
    Browser("Android WebView", CHROMIUM, "avif"),
    Browser("Edge 143", CHROMIUM, "avif"),
    Browser("Edge 121", CHROMIUM, "avif"),
    Browser("Opera 124", CHROMIUM, "avif"),
    Browser("Opera Mobile", CHROMIUM, "avif"),
    Browser("Samsung Internet 28", CHROMIUM, "avif"),
    Browser("Brave", CHROMIUM, "avif"),
    Browser("Vivaldi", CHROMIUM, "avif"),
    Browser("Google's renderer", CHROMIUM, "avif"),
    Browser("Gmail's image proxy", "image/avif,image/webp,image/apng,*/*;q=0.8", "avif"),
    Browser("Firefox 145", GECKO_128, "avif"),
    Browser("Firefox 128 ESR", GECKO_128, "avif"),
    Browser("Firefox for Android", GECKO_128, "avif"),
    Browser("Firefox 115 ESR", GECKO_92, "avif"),
    Browser("Firefox 92", GECKO_92, "avif"),
    Browser("Thunderbird", GECKO_92, "avif"),
    Browser(
        "Firefox nightly with JPEG XL",
        "image/avif,image/jxl,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        "avif",
    ),
    Browser("Safari 26", SAFARI_17, "avif"),
    Browser("Safari 17, iPhone", SAFARI_17, "avif"),
    Browser("Safari 16, iPhone", SAFARI_16, "avif"),
    Browser("Apple Mail", SAFARI_16, "avif"),
    Browser(
        "Epiphany",
        "image/webp,image/avif,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
        "avif",
    ),
    Browser("Edge 120", CHROMIUM_WEBP, "webp"),
    Browser("Chrome 84", CHROMIUM_79, "webp"),
    Browser("Samsung Internet 12", CHROMIUM_79, "webp"),
    Browser("Chrome 38", "image/webp,*/*;q=0.8", "webp"),
    Browser("Android 4 browser", "image/webp,*/*;q=0.8", "webp"),
    Browser("Firefox 91", GECKO_65, "webp"),
    Browser("Safari 15", SAFARI_14, "webp"),
    Browser("Safari 14, iPhone", SAFARI_14, "webp"),
    Browser("UC browser", "image/webp,image/apng,image/*,*/*;q=0.8,image/ucbp", "webp"),
    Browser("QQ browser", "image/webp,image/sharpp,image/apng,image/tpg,image/*,*/*;q=0.8", "webp"),
    Browser("Safari 13", SAFARI_13, "jpg"),
    Browser("Firefox 64", "*/*", "jpg"),
    Browser("Edge 18", "image/png, image/svg+xml, image/jxr, image/*; q=0.8, */*; q=0.5", "jpg"),
    Browser(
        "Internet Explorer 11",
        "image/png, image/svg+xml, image/jxr, image/*;q=0.8, */*;q=0.5",
        "jpg",
    ),
)


def draw_browser(chance: random.Random) -> Browser:
    """Return a visitor's browser: the format by SHARES, then any browser that gets it."""
    ext = chance.choices(list(SHARES), list(SHARES.values()))[0]
    return chance.choice([browser for browser in BROWSERS if browser.ext == ext])
