# A stand-in for Cloudflare's zone cache: a bare cache that obeys RFC 9213, and nothing of ours.
# workerd has none on a developer's machine, so edge/local_worker.py puts this before the origin.
vcl 4.1;
import purge;
import std;

backend origin { .host = "@ORIGIN_HOST@"; .port = "@ORIGIN_PORT@"; }

sub vcl_recv {
    # A soft purge by URL: only the tests send it.
    if (req.method == "SOFTPURGE") { set req.http.x-soft-purge = "1"; set req.method = "GET"; }
    return (hash);
}

sub vcl_hit {
    if (req.http.x-soft-purge) { purge.soft(0s); return (synth(204)); }
}

sub vcl_miss {
    if (req.http.x-soft-purge) { return (synth(404)); }
}

sub vcl_backend_response {
    # A failed revalidation leaves what is there.
    if (beresp.status >= 500 && bereq.is_bgfetch) { return (abandon); }
    set beresp.do_stream = false;  # what is cut on its way is not stored
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (beresp.http.CDN-Cache-Control ~ "max-age=[0-9]+") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.CDN-Cache-Control, "^.*max-age=([0-9]+).*$", "\1s"), 0s);
        if (beresp.http.CDN-Cache-Control ~ "stale-if-error=[0-9]+") {
            set beresp.grace = std.duration(
                regsub(beresp.http.CDN-Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
        }
    } else {
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
    }
    return (deliver);
}

sub vcl_deliver {
    set resp.http.CF-Cache-Status = "MISS";
    if (obj.hits > 0) { set resp.http.CF-Cache-Status = "HIT"; }
    if (obj.hits > 0 && obj.ttl < 0s) { set resp.http.CF-Cache-Status = "STALE"; }
    # Removed before a Worker sees it.
    unset resp.http.Cache-Tag;
    # Where the origin lets pages see its fields, they may see the edge's too.
    if (resp.http.Access-Control-Expose-Headers) {
        set resp.http.Access-Control-Expose-Headers = resp.http.Access-Control-Expose-Headers
            + ", Cache-Status";
    }
}
