vcl 4.1;

# edgeproof's edge and shield: what may be asked, by whom, and under which key (the URL rules' steps
# 1 to 10, in their order, the first failure wins). What is kept and how it is answered: cache.vcl.
#
# Includes, all in one folder: policy.generated.vcl (patterns and numbers, from cache_keys),
# deployment.vcl (hosts and public tenants, from the records), secrets.vcl (keys) and site.vcl (the
# origin, its probe, who may purge). docs/edges-varnish.md says who writes which.
#
# Values are kept in variables (vmod var), which no client can send, not in headers.

import digest;
import purge;
import std;
import var;
import xkey;

include "./site.vcl";
include "./deployment.vcl";
include "./secrets.vcl";
include "./policy.generated.vcl";
include "./cache.vcl";

sub vcl_recv {
    if (req.restarts > 0) {
        # Judged already: cache.vcl asks again, for a fresh answer or for any that is left.
        call edgeproof_ask_again;
        return (hash);
    }
    unset req.http.X-Forwarded-For;  # Varnish's own; its place in the table of headers is needed
    unset req.http.Edgeproof-Stale;  # ours, see edgeproof_ask_again
    if (req.method != "GET" && req.method != "HEAD") {
        call edgeproof_purge;
        return (synth(405, "http.method"));
    }
    if (req.http.Transfer-Encoding || req.http.Content-Length ~ "[^0 \t]") {
        return (synth(400, "http.body"));
    }
    call edgeproof_host;
    call edgeproof_target;
    call edgeproof_shield;
    if (req.http.Edgeproof-Edge) {
        call edgeproof_proof;
    } else {
        call edgeproof_signature;
    }
    call edgeproof_picture;
    if (req.http.Range) {
        call edgeproof_range;
    }
    return (hash);
}

sub edgeproof_clock {
    var.set_real("now", std.real(integer=std.integer(time=now)));
}

# An edge that proves itself to this shield; secrets.vcl leaves the header only on a shield.
sub edgeproof_proof {
    call edgeproof_clock;
    std.collect(req.http.Edgeproof-Edge, ",");
    call edgeproof_proof_form;
    var.set("master", "");
    call edgeproof_edges;
    # Equal MACs are compared as MACs of MACs: the time that takes tells nothing about either. A
    # text with a newline must be a direct argument; a header would end at it.
    if (digest.hmac_sha256(var.get("master"), digest.hmac_sha256(var.get("master"),
            {"edgeproof-edge-1
"} + req.method + {"
"} + std.tolower(req.http.Host) + {"
"} + regsub(req.url, "[?].*$", "") + {"
"} + var.get("t"))) != digest.hmac_sha256(var.get("master"), "0x" + var.get("sig"))
        || var.get("master") == "" || !var.get("fresh_proof")) {
        return (synth(403, "edge.proof"));
    }
    var.set("edge", req.url);
    if (req.url ~ "[?]") {
        var.set("field", "query");
        return (synth(400, "key.not_canonical"));
    }
}

# Steps 4 and 5: unsigned in a public tenant, or signed by a key that is active for the tenant. What
# a browser may do with the answer is decided here as well.
sub edgeproof_signature {
    if (req.url ~ "[?]") {
        call edgeproof_claim;
    }
    if (req.url !~ "[?]") {
        call edgeproof_public;
        if (!var.get("max_age")) {
            return (synth(403, "sig.missing"));
        }
        var.set("browser", "public, max-age=" + var.get("max_age") + ", immutable");
        return;
    }
    call edgeproof_clock;
    call edgeproof_tenant_key;
    if (!var.get("key")) {
        # secrets.vcl has no such key, so it is derived. (Which shops and kids there are is no secret:
        # URLs name them.) A kid that is not there costs what one costs that is, and opens nothing.
        var.set("master", "0000000000000000000000000000000000000000000000000000000000000000");
        call edgeproof_ring;
        var.set("key", regsub(digest.hmac_sha256(var.get("master"), {"edgeproof-tenant-key-1
"} + var.get("tenant") + {"
"} + var.get("kid")), "^0x", ""));
    }
    # Tenant, kid, exp, scope and path, each on a line; with a scope the path ends at the leaf. Hashes
    # of the MACs are compared: the time that takes can tell of a hash at most, from which no MAC follows.
    if (digest.hash_md5(digest.hmac_sha256(var.get("key"), regsub(req.url,
            "^(/v1/([^/]*)/[^/]*/)(?|([^?]*).exp=([^&]*)&kid=([^&]*)&sig=[^&]*()$|()[^&]*=([^&]*)&kid=([^&]*)&.*=(.*)$)",
            {"edgeproof-url-1
\2
\5
\4
\6
\1\3"}))) != digest.hash_md5("0x" + regsub(req.url, "^.*&sig=([0-9a-f]*).*$", "\1"))
        || var.get("master") ~ "^0+$") {
        return (synth(403, "sig.bad"));
    }
    call edgeproof_exp;
    set req.url = regsub(req.url, "[?].*$", "");
    # A browser may keep it as long as the signature holds, for a day at most.
    if (var.get_real("left") >= 86400.0) {
        var.set("browser", "private, max-age=86400, immutable");
    } elseif (var.get_real("left") > 0.0) {
        var.set("browser", "private, max-age=" + std.integer(real=var.get_real("left")) + ", immutable");
    } else {
        var.set("browser", "private, max-age=0, immutable");
    }
}

# Varnish would answer nonsense with 416; it is to be ignored, as several ranges are.
sub edgeproof_range {
    std.collect(req.http.Range, ",");
    if (req.method != "GET" || req.http.Range !~ "(?i)^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$"
        || (req.http.Range ~ "[0-9]-[0-9]" && std.integer(regsub(req.http.Range, "^.*=([0-9]+)-.*$", "\1"), 0)
            > std.integer(regsub(req.http.Range, "^.*-", ""), 0))) {
        unset req.http.Range;
    }
}

# VCL has no loops. A crop may stand repeatedly, and each is judged before the repetition is: a path
# has room for less than a hundred. Ten are taken off at a time, to copy little of a long text.
sub edgeproof_crops {
    call edgeproof_crop;
    if (var.get("crops") ~ ",c_") {
        var.set("rest", regsuball(var.get("crops"), "(?:,(?!c_)[^,]*)+", ""));
        call edgeproof_ten_crops; call edgeproof_ten_crops; call edgeproof_ten_crops;
        call edgeproof_ten_crops; call edgeproof_ten_crops; call edgeproof_ten_crops;
        call edgeproof_ten_crops; call edgeproof_ten_crops; call edgeproof_ten_crops;
        call edgeproof_ten_crops;
    }
}
sub edgeproof_ten_crops {
    var.set("crops", regsub(var.get("rest"), "^((?:,c_[^,]*){0,10}).*$", "\1"));
    var.set("rest", regsub(var.get("rest"), "^(?:,c_[^,]*){0,10}", ""));
    call edgeproof_crop; call edgeproof_crop; call edgeproof_crop; call edgeproof_crop;
    call edgeproof_crop; call edgeproof_crop; call edgeproof_crop; call edgeproof_crop;
    call edgeproof_crop; call edgeproof_crop;
}

# Steps 7 to 10: the one path of this picture becomes req.url.
sub edgeproof_canonical {
    if (var.get("ops") ~ ",t_edge~" && !var.get("edge")) {
        call edgeproof_preset_unknown;
    }
    call edgeproof_size;
    var.set("folder", regsub(req.url, "[^/]*$", ""));
    if (var.get("ops") ~ ",(?:c|r|fl|fit|g)_" && var.get("ops") !~ ",t_") {
        call edgeproof_orientation;
        call edgeproof_idle;
    }
    if (var.get("ext") == "auto") {
        std.collect(req.http.Accept, ",");
        var.set("auto", "1");
        call edgeproof_format;
    }
    if (var.get("ops") ~ "^,[wh]_[^,]*,$") {
        set req.url = var.get("folder") + regsub(var.get("size"), "^,", "") + "." + var.get("ext");
    } else {
        call edgeproof_order;
        set req.url = var.get("folder") + regsub(var.get("head") + var.get("size")
            + var.get("tail"), "^,", "") + "." + var.get("ext");
    }
    if (var.get("edge") && req.url != var.get("edge")) {
        return (synth(400, "key.not_canonical"));
    }
    if (var.get("ops") ~ ",t_edge~" && var.get("ops") != ",t_edge~1,") {
        call edgeproof_preset_unknown;
    }
}

sub edgeproof_preset_unknown {
    var.set("field", "t");
    return (synth(404, "preset.unknown"));
}

# Step 7. w and h: px, 0 without.
sub edgeproof_size {
    if (var.get("ops") !~ ",[wh]_") {
        return;
    }
    var.set_int("dpr", std.integer(regsub(var.get("ops"), "^.*,dpr_([0-9]).*$", "\1"), 1));
    var.set_int("w", var.get_int("dpr") * std.integer(regsub(var.get("ops"), "^.*,w_([0-9]*).*$", "\1"), 0));
    var.set_int("h", var.get_int("dpr") * std.integer(regsub(var.get("ops"), "^.*,h_([0-9]*).*$", "\1"), 0));
    if (var.get_int("w") == 0) {
        # Only a height: it takes the ladder itself.
        var.set_int("w", var.get_int("h"));
        var.set_int("h", 0);
        call edgeproof_box;
        var.set_int("w", 0);
        var.set_int("h", var.get_int("rung"));
        var.set("size", ",h_" + var.get_int("h"));
        return;
    }
    call edgeproof_box;
    if (var.get_int("rung") == 0) {
        var.set("field", "h");
        return (synth(400, "key.aspect"));
    }
    var.set_int("h", (2 * var.get_int("h") * var.get_int("rung") + var.get_int("w")) / (2 * var.get_int("w")));
    var.set_int("w", var.get_int("rung"));
    var.set("size", ",w_" + var.get_int("w"));
    if (var.get("ops") ~ ",h_") {
        var.set("size", var.get("size") + ",h_" + var.get_int("h"));
    }
}

# Step 8: a mirror image upside down is a half turn and fl_h; a half turn of both axes is only that.
sub edgeproof_orientation {
    if (var.get("ops") ~ ",fl_h?v,") {
        var.set_int("turn", (std.integer(regsub(var.get("ops"), "^.*,r_([0-9]*).*$", "\1"), 0) + 180) % 360);
        var.set("ops", regsub(var.get("ops"), ",r_[^,]*", ""));
        if (var.get_int("turn") > 0) {
            var.set("ops", ",r_" + var.get_int("turn") + var.get("ops"));
        }
        var.set("ops", regsub(regsub(var.get("ops"), ",fl_hv,", ","), ",fl_v,", ",fl_h,"));
    }
}

# Step 8: what changes nothing.
sub edgeproof_idle {
    var.set("ops", regsub(var.get("ops"), ",c_0_0_100000_100000,", ","));
    if (var.get("ops") ~ ",fit_inside," || var.get_int("w") == 0 || var.get("ops") !~ ",h_") {
        var.set("ops", regsub(var.get("ops"), ",fit_[^,]*", ""));
    }
    if (var.get("ops") ~ ",g_c," || var.get("ops") !~ ",fit_co") {
        var.set("ops", regsub(var.get("ops"), ",g_[^,]*", ""));
    }
}
