"""The edges: the shared JavaScript core, Varnish, Cloudflare, Fastly; and their generated policy."""
