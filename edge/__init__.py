"""The edges: the shared JavaScript core, Varnish, Cloudflare, Fastly, their generated policy."""
