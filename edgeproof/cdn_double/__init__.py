"""A CDN on loopback: two vendors' purge APIs before a real Varnish (``edgeproof dev cdn``)."""
