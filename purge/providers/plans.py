"""What each vendor allows: batches and rates by plan, the defaults of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CloudflarePlan:
    """Limits of one account. rate_per_s and burst: calls by tag, prefix, host, everything.

    Source: Cloudflare, "Purge cache: availability and limits" (July 2026).
    """

    rate_per_s: float
    burst: int
    urls_per_s: int
    operations_per_call: int = 100
    urls_per_call: int = 100

    @property
    def calls_at_once(self) -> int:
        """The burst that we use: calls may arrive closer together than they were sent."""
        return self.burst * 4 // 5


CLOUDFLARE: Mapping[str, CloudflarePlan] = MappingProxyType(
    {
        "free": CloudflarePlan(5 / 60, 25, 800),
        "pro": CloudflarePlan(5, 25, 1_500),
        "business": CloudflarePlan(10, 50, 1_500),
        "enterprise": CloudflarePlan(50, 500, 3_000, urls_per_call=500),
    }
)

#: Fastly refuses more: "Batch surrogate key request only supports up to 256 surrogate keys".
FASTLY_KEYS_PER_CALL = 256
#: Fastly counts an hour, 100,000 purges on average; 20 a second leaves room for other callers.
FASTLY_RATE_PER_S = 20.0
FASTLY_BURST = 100
#: Surrogate keys in the request's body have no limit of bytes of their own; a URL is one call.
FASTLY_URLS_PER_CALL = 1

#: Varnish's http_req_hdr_len is 8,192 bytes by default; less the header's name and some room.
VARNISH_HEADER_BYTES = 8_000
#: Its purge verbs cost microseconds; this only keeps a flood of URL purges from its clients.
VARNISH_RATE_PER_S = 200.0
VARNISH_BURST = 400
#: Each is a request of its own to each instance.
VARNISH_URLS_PER_CALL = 50
