# What is kept, for how long, and how it is answered. Included by edgeproof.vcl.

sub vcl_hash {
    # The canonical path is the whole key: neither host nor any header changes a pixel.
    hash_data(req.url);
    return (lookup);
}

# Purge verbs, for the purge manager alone. For anyone else they are methods like any other: 405.
#   PURGE, SOFTPURGE  with "xkey: TAG TAG": all objects of these tags; without: the path asked
#   BAN               every object whose canonical path begins with the path asked
sub edgeproof_purge {
    if (req.method !~ "^(?:SOFT)?PURGE$|^BAN$" || client.ip !~ edgeproof_purgers) {
        return;
    }
    call edgeproof_purge_secret;
    if (!req.http.Edgeproof-Purge || digest.hmac_sha256(var.get("secret"), req.http.Edgeproof-Purge)
            != digest.hmac_sha256(var.get("secret"), var.get("secret"))) {
        return;
    }
    var.set("verb", req.method);
    if (req.method == "BAN") {
        if (req.url !~ "^/v1/[a-z0-9/_.,~-]*$" || !std.ban("obj.http.Edgeproof-Path ~ ^"
                + regsuball(req.url, "[.]", "[.]"))) {
            return (synth(400, "url.bytes"));
        }
        return (synth(200, "banned"));
    }
    if (req.http.xkey) {
        std.collect(req.http.xkey, " ");
        if (req.method == "PURGE") {
            var.set_int("gone", xkey.purge(req.http.xkey));
        } else {
            var.set_int("gone", xkey.softpurge(req.http.xkey));
        }
        return (synth(200, "purged"));
    }
    return (hash);  # to vcl_hit or vcl_miss, which know the object of this path
}

sub edgeproof_purge_path {
    if (var.get("verb") == "PURGE") {
        var.set_int("gone", purge.hard());
        return (synth(200, "purged"));
    }
    if (var.get("verb") == "SOFTPURGE") {
        var.set_int("gone", purge.soft(0s));
        return (synth(200, "purged"));
    }
}

# Varnish has one grace, RFC 5861 two. The object keeps the longer; here is judged which holds.
sub vcl_hit {
    call edgeproof_purge_path;
    if (obj.ttl >= 0s) {
        return (deliver);
    }
    var.set("stale", "1");
    if (obj.ttl + std.duration(obj.http.Edgeproof-Swr, 0s) >= 0s || var.get("again") == "any"
        || !std.healthy(req.backend_hint)) {
        return (deliver);  # and Varnish asks the origin behind the back of this request
    }
    var.set("again", "fresh");
    return (restart);
}

sub vcl_miss {
    call edgeproof_purge_path;
}

# A picture that is too stale to show is asked for first; only if that fails may it be shown.
sub edgeproof_ask_again {
    if (var.get("again") == "fresh") {
        set req.grace = 0s;
        set req.http.Edgeproof-Stale = "1";
    } else {
        set req.grace = 365d;
    }
}

sub vcl_backend_fetch {
    var.set("has_stale", bereq.http.Edgeproof-Stale);
    unset bereq.http.Edgeproof-Stale;
    # What a client says about itself is nothing to the origin.
    unset bereq.http.Accept;
    unset bereq.http.Accept-Encoding;
    unset bereq.http.Authorization;
    unset bereq.http.Cookie;
    unset bereq.http.Forwarded;
    unset bereq.http.Referer;
    unset bereq.http.User-Agent;
    unset bereq.http.X-Forwarded-For;
    call edgeproof_origin;
    # Signed as sent: by now a HEAD is a GET, and the host is the origin's.
    call edgeproof_own;
    var.set("t", "" + std.integer(time=now));
    set bereq.http.Edgeproof-Edge = "t=" + var.get("t") + ";kid=" + var.get("kid") + ";mac="
        + regsub(digest.hmac_sha256(var.get("secret"), {"edgeproof-edge-1
"} + bereq.method + {"
"} + std.tolower(bereq.http.Host) + {"
"} + bereq.url + {"
"} + var.get("t")), "^0x", "");
    return (fetch);
}

sub vcl_backend_response {
    if (beresp.status != 200 && beresp.status != 404 && beresp.status != 410
        && (bereq.is_bgfetch || var.get("has_stale") == "1")) {
        return (abandon);  # nothing was learnt about the picture: what there is stays
    }
    if ((beresp.status == 200 && beresp.http.Content-Type !~ "(?i)^(?:image/|application/json)")
        || (beresp.status != 200 && beresp.http.Content-Type != "application/problem+json")
        || beresp.status == 400 || beresp.status == 403 || beresp.status == 405 || beresp.status == 421) {
        return (abandon);  # a page of another server's, or our own fault: the request was judged here
    }
    set beresp.do_stream = false;  # a picture that is cut on its way replaces nothing and is shown to nobody
    unset beresp.http.Set-Cookie;
    unset beresp.http.Via;
    unset beresp.http.Vary;  # the key has everything that changes a pixel
    call edgeproof_lifetime;
    if (beresp.status == 410) {
        # One picture of an erased photo was asked for: no other one may be shown, stale or fresh. (A
        # tag would be nicer, but xkey cannot purge from here; a ban spares what comes after it.)
        var.set("asset", regsub(bereq.url, "[^/]*$", ""));
        if (!std.ban("obj.http.Edgeproof-Path ~ ^" + var.get("asset"))) {
            return (abandon);
        }
    }
    call edgeproof_outer;
    if (beresp.ttl <= 0s) {
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
    }
    set beresp.http.Edgeproof-Path = bereq.url;  # for bans, which see only the object
    return (deliver);
}

# RFC 9213: CDN-Cache-Control, where it can be read, and then nothing else; else Cache-Control.
sub edgeproof_lifetime {
    std.collect(beresp.http.CDN-Cache-Control, ",");
    std.collect(beresp.http.Cache-Control, ",");
    if (beresp.http.CDN-Cache-Control ~ {"(?x)
            (?(DEFINE) (?<item> [a-z*][a-z0-9_.*-]* (?: = (?: [0-9]{1,15} | [?][01] | [A-Za-z*][^\x00-\x20,;"]* | "[^"]*" ) )? ) )
            ^[\x20\t]* (?&item) (?: [\x20\t]*,[\x20\t]* (?&item) )* [\x20\t]*$ "}) {
        var.set("control", beresp.http.CDN-Cache-Control);
    } else {
        var.set("control", std.tolower(beresp.http.Cache-Control));
    }
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (var.get("control") ~ "(?:^|[ ,])(?:no-store|no-cache|private)(?:$|[ ,=])"
        || (beresp.status != 200 && beresp.status != 404 && beresp.status != 410)) {
        return;
    }
    # Age is what the caches before us have used up of it.
    set beresp.ttl = std.duration(regsub(var.get("control"),
        "^(?:.*[ ,])?max-age=([0-9]{1,9})(?:[ ,].*)?$", "\1s"), 0s) - beresp.age;
    if (beresp.status != 200) {
        # That something is not there is kept for 10 s, that it was erased for an hour.
        if (beresp.status == 404 && beresp.ttl > 10s) { set beresp.ttl = 10s; }
        if (beresp.status == 410 && beresp.ttl > 1h) { set beresp.ttl = 1h; }
        return;
    }
    set beresp.http.Edgeproof-Swr = regsub(var.get("control"),
        "^(?:.*[ ,])?stale-while-revalidate=([0-9]{1,9})(?:[ ,].*)?$", "\1s");
    set beresp.grace = std.duration(regsub(var.get("control"),
        "^(?:.*[ ,])?stale-if-error=([0-9]{1,9})(?:[ ,].*)?$", "\1s"), 0s);
    if (std.duration(beresp.http.Edgeproof-Swr, 0s) > beresp.grace) {
        set beresp.grace = std.duration(beresp.http.Edgeproof-Swr, 0s);
    }
}

sub vcl_backend_error {
    return (abandon);  # to vcl_synth, or to what is kept
}

# What stays between edge and shield. An edge that is no shield takes all but the tags, which xkey
# needs on the object, off when it fetches: that is cheaper than off each answer.
sub edgeproof_inner_fields {
    unset resp.http.xkey;
    unset resp.http.CDN-Cache-Control;
    unset resp.http.Surrogate-Control;
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    unset resp.http.Server-Timing;
}

sub vcl_deliver {
    unset resp.http.Edgeproof-Path;
    unset resp.http.Edgeproof-Swr;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    call edgeproof_cache_status;
    if (var.get("edge")) {
        return (deliver);  # between shield and edge all fields stay as the origin sent them
    }
    call edgeproof_inner_fields;
    # For a browser the answer is of now: an Age of months would make it stale on arrival.
    unset resp.http.Age;
    set resp.http.Date = now;
    if (resp.status != 200) {
        set resp.http.Cache-Control = "no-store";
        return (deliver);
    }
    set resp.http.Cache-Control = var.get("browser");
    if (var.get("auto")) {
        set resp.http.Vary = "Accept";
    }
    if (req.http.If-Match || req.http.If-None-Match || req.http.Range) {
        call edgeproof_conditions;
    }
    return (deliver);
}

# RFC 9110, what Varnish leaves out: If-Match, every form of If-None-Match, and that a 416 is not kept.
sub edgeproof_conditions {
    std.collect(req.http.If-Match, ",");
    std.collect(req.http.If-None-Match, ",");
    if (req.http.If-Match && req.http.If-Match != "*" && !std.strstr("," + regsuball(req.http.If-Match,
            "[ \t]", "") + ",", "," + resp.http.ETag + ",")) {
        return (synth(412));
    }
    if (req.http.If-None-Match == "*" || std.strstr("," + regsuball(req.http.If-None-Match,
            "(?:[ \t]|W/)+", "") + ",", "," + resp.http.ETag + ",")) {
        set req.http.If-None-Match = resp.http.ETag;
    } elseif (req.http.Range && (!req.http.If-Range || req.http.If-Range == resp.http.ETag)
        && (req.http.Range ~ "=-0+$" || std.integer(regsub(req.http.Range, "^.*=([0-9]*)-.*$", "\1"), 0)
            >= std.integer(resp.http.Content-Length, 1000000000))) {
        set resp.http.Cache-Control = "no-store";
    }
}

# RFC 9211. What a shield said is about the request that filled the cache, so it goes with a hit.
sub edgeproof_cache_status {
    if (obj.hits > 0) {
        set resp.http.Cache-Status = "edgeproof-varnish; hit; ttl=" + std.integer(duration=obj.ttl);
        return;
    }
    var.set("status", "edgeproof-varnish; fwd=miss; fwd-status=" + resp.status);
    if (var.get("stale")) {
        var.set("status", "edgeproof-varnish; fwd=stale; fwd-status=" + resp.status);
    }
    if (!obj.uncacheable) {
        var.set("status", var.get("status") + "; stored");
    }
    if (resp.http.Cache-Status) {
        var.set("status", resp.http.Cache-Status + ", " + var.get("status"));
    }
    set resp.http.Cache-Status = var.get("status");
}

# Errors as the origin words them (RFC 9457); the reason is a code, and only the log has the real one.
sub vcl_synth {
    if (var.get("again") == "fresh" && resp.status == 503) {
        var.set("again", "any");
        return (restart);
    }
    unset resp.http.Server;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    set resp.http.Cache-Control = "no-store";
    set resp.http.X-Content-Type-Options = "nosniff";
    set resp.http.Cross-Origin-Resource-Policy = "cross-origin";
    set resp.http.Access-Control-Allow-Origin = "*";
    set resp.http.Timing-Allow-Origin = "*";
    set resp.http.Content-Security-Policy = "default-src 'none'; sandbox";
    if (resp.status == 412) {
        return (deliver);
    }
    if (resp.status == 200) {
        set resp.http.Content-Type = "application/json";
        synthetic({"{"done":""} + resp.reason + {"","objects":"} + var.get_int("gone") + "}");
        return (deliver);
    }
    if (resp.status == 405) {
        set resp.http.Allow = "GET, HEAD";
    }
    if (resp.status >= 500) {
        set resp.status = 503;
        set resp.reason = "edge.unavailable";
        set resp.http.Retry-After = "5";
    }
    if (var.get("edge") && resp.reason ~ "^key[.]") {
        set resp.reason = "key.not_canonical";
    }
    std.log("edgeproof_refused " + resp.reason);
    set resp.http.Content-Type = "application/problem+json";
    call edgeproof_problem;
    if (var.get("field") && resp.status != 403) {
        synthetic(var.get("problem") + {","field":""} + var.get("field") + {"""} + "}");
    } else {
        synthetic(var.get("problem") + "}");
    }
    return (deliver);
}
