# Written by `edgeproof edge build` from cache_keys; never edited.

sub edgeproof_target {
    # Step 3. The cap comes first: a pattern engine that gives up would be a 503.
    if (req.url ~ "^.{2049}") { return (synth(400, "url.bytes")); }
    if (req.url !~ "^(?![^?]{1025})/v1/[a-z0-9][a-z0-9-]{0,31}/[a-z2-7]{51}[aq]/[a-z0-9_.,~-]+(?:[?]|$)") {
        if (req.url ~ "^[^?]{1025}" || req.url !~ "^[a-z0-9/_.,~-]*(?:[?]|$)") {
            return (synth(400, "url.bytes"));
        }
        if (req.url ~ "^/v1/") { return (synth(400, "url.shape")); }
        return (synth(404, "url.unknown"));
    }
    var.set("tenant", regsub(req.url, "^/v1/([^/]*).*$", "\1"));
}

sub edgeproof_proof_form {
    # The parts of a proof, and whether it is of this minute.
    if (req.http.Edgeproof-Edge !~ "^t=([1-9][0-9]{9});kid=([a-z0-9]{1,16});mac=([0-9a-f]{64})$") { return (synth(403, "edge.proof")); }
    var.set("t", regsub(req.http.Edgeproof-Edge, "^t=([0-9]+).*$", "\1"));
    var.set("kid", regsub(req.http.Edgeproof-Edge, "^.*;kid=([^;]*).*$", "\1"));
    var.set("sig", regsub(req.http.Edgeproof-Edge, "^.*;mac=", ""));
    var.set_real("age", var.get_real("now") - std.real(var.get("t"), 0.0));
    if (var.get_real("age") <= 60.0 && var.get_real("age") >= -60.0) {
        var.set("fresh_proof", "1");
    }
}

sub edgeproof_claim {
    # Step 4. Behind here is no query, or one as the signer writes it.
    if (req.url !~ "^[^?]*[?]exp=[1-9][0-9]{9}&kid=[a-z0-9]{1,16}&sig=[0-9a-f]{64}(?:&scope=asset)?$") {
        # claim: the parts that concern us, each behind an ampersand.
        var.set("claim", regsuball(regsub(req.url, "^[^?]*[?]", "&"),
            "(?:&(?!(?:exp|kid|sig|scope)(?:[=&]|$))[^&]*)++", ""));
        if (var.get("claim") !~ "&") {
            set req.url = regsub(req.url, "[?].*$", "");
            return;
        }
        if (var.get("claim") ~ "&([a-z]+)(?=(?:[=&]|$)).*&\1(?:[=&]|$)") {
            var.set("field", regsub(regsub(var.get("claim"), "^((?:&[^&]*){5}&?).*$", "\1"),
            "^.*?&([a-z]+)(?=(?:[=&]|$))[^&]*(?:&(?!\1(?:[=&]|$))([a-z]+)(?=(?:[=&]|$))[^&]*(?!(?:&(?!\1(?:[=&]|$))[^&]*)*?&\2(?:[=&]|$)))*?&\1(?:[=&]|$).*$", "\1"));
            return (synth(400, "sig.repeated"));
        }
        if (var.get("claim") !~ "^(?=.*&exp=[1-9][0-9]{9}(?:&|$))(?=.*&kid=[a-z0-9]{1,16}(?:&|$))(?=.*&sig=[0-9a-f]{64}(?:&|$))(?!.*&scope(?!=asset(?:&|$)))") { return (synth(403, "sig.form")); }
        set req.url = regsub(req.url, "[?].*$", "") + "?exp=" + regsub(var.get("claim"), "^.*&exp=([^&]*).*$", "\1")
            + "&kid=" + regsub(var.get("claim"), "^.*&kid=([^&]*).*$", "\1")
            + "&sig=" + regsub(var.get("claim"), "^.*&sig=([^&]*).*$", "\1")
            + regsub(var.get("claim"), "^(?:.*(&scope=asset)|).*$", "\1");
    }
    var.set("kid", regsub(req.url, "^[^&]*&kid=([a-z0-9]*).*$", "\1"));
}

sub edgeproof_exp {
    # The end of step 5: the time of a signature that holds. left: seconds until it does no more.
    var.set_real("left",
        std.real(regsub(req.url, "^[^?]*[?]exp=([0-9]*).*$", "\1"), 0.0) - var.get_real("now"));
    if (var.get_real("left") < -30.0) { var.set("field", "exp"); return (synth(410, "sig.expired")); }
    if (var.get_real("left") > 691230.0) { return (synth(403, "sig.far")); }
}

sub edgeproof_picture {
    # The most usual leaves are canonical as they come.
    if (req.url ~ "/(?:info[.]json|(?:t_(?!edge~)[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}|[wh]_(?:64|96|160|240|320|480|640|800|960|1280|1600|1920|2560))[.](?:avif|webp|jpg|png))$") { return; }
    call edgeproof_leaf;
    call edgeproof_canonical;
}

sub edgeproof_leaf {
    # Step 6. One pattern reads all values; only a leaf that it does not take is looked at closer.
    if (req.url !~ "[.](?:avif|webp|jpg|png|auto)$") { var.set("field", "ext"); return (synth(400, "key.ext")); }
    var.set("ext", regsub(req.url, "^.*[.]", ""));
    var.set("ops", regsub(req.url, "^.*/(.*)[.][a-z]*$", ",\1,"));
    if (var.get("ops") ~ "^,(?:t_(?!edge~)[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}|[wh]_(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2})),$") {
        return;  # the most usual leaves: a preset, or one side
    }
    var.set("good", var.get("ops"));
    if (var.get("ops") !~ "(?(DEFINE)(?<op>(?:t_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3})|d_(?:[a-z2-7]{51}[aq])|pf_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}(?:~paper)?)|c_(?:(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5}))|r_(?:90|180|270)|fl_(?:h|v|hv)|w_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|h_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|fit_(?:inside|cover|contain|fill)|g_(?:c|n|e|s|w|ne|nw|se|sw|smart|face|(?:0|(?:100000|[1-9][0-9]{0,4}))_(?:0|(?:100000|[1-9][0-9]{0,4})))|bg_(?:[0-9a-f]{6})|q_(?:[3-9][05])|dpr_(?:[123]))(?=,)))^(?:,(?&op))++,$") {
        if (var.get("ops") !~ "^(?:,(?:t|d|pf|c|r|fl|w|h|fit|g|bg|q|dpr)_[^,]*)++,$") {
            var.set("field", regsub(var.get("ops"),
                "^(?:,(?:t|d|pf|c|r|fl|w|h|fit|g|bg|q|dpr)_[^,]*)*+,([^_,]{0,20}).*$", "\1"));
            return (synth(400, "key.op"));
        }
        var.set("good", regsub(var.get("ops"), "(?(DEFINE)(?<op>(?:t_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3})|d_(?:[a-z2-7]{51}[aq])|pf_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}(?:~paper)?)|c_(?:(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5}))|r_(?:90|180|270)|fl_(?:h|v|hv)|w_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|h_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|fit_(?:inside|cover|contain|fill)|g_(?:c|n|e|s|w|ne|nw|se|sw|smart|face|(?:0|(?:100000|[1-9][0-9]{0,4}))_(?:0|(?:100000|[1-9][0-9]{0,4})))|bg_(?:[0-9a-f]{6})|q_(?:[3-9][05])|dpr_(?:[123]))(?=,)))^((?:,(?&op))*+).*$", "\2"));
    }
    var.set("crops", var.get("good"));
    call edgeproof_crops;
    if (var.get("good") != var.get("ops")) {
        var.set("field", regsub(var.get("ops"), "(?(DEFINE)(?<op>(?:t_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3})|d_(?:[a-z2-7]{51}[aq])|pf_(?:[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}(?:~paper)?)|c_(?:(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5}))|r_(?:90|180|270)|fl_(?:h|v|hv)|w_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|h_(?:(?:2560|[1-1][0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]{1}|[1-9][0-9]{0,2}))|fit_(?:inside|cover|contain|fill)|g_(?:c|n|e|s|w|ne|nw|se|sw|smart|face|(?:0|(?:100000|[1-9][0-9]{0,4}))_(?:0|(?:100000|[1-9][0-9]{0,4})))|bg_(?:[0-9a-f]{6})|q_(?:[3-9][05])|dpr_(?:[123]))(?=,)))^(?:,(?&op))*+,([a-z]+)_.*$", "\2"));
        return (synth(400, "key.value"));
    }
    if (var.get("ops") ~ ",t_edge~" && var.get("ops") ~ "^,[^,]*,.") {
        var.set("field", "t"); return (synth(400, "key.value"));
    }
    if (var.get("ops") ~ ",([a-z]+)_.*,\1_") {
        var.set("field", regsub(regsub(var.get("ops"), "^((?:,[^,]*){14},?).*$", "\1"),
            "^.*?,([a-z]+)(?=_)[^,]*(?:,(?!\1_)([a-z]+)(?=_)[^,]*(?!(?:,(?!\1_)[^,]*)*?,\2_))*?,\1_.*$", "\1"));
        return (synth(400, "key.repeated"));
    }
    if (var.get("ops") ~ "^(?:,[^,]*){13},") { return (synth(400, "key.many")); }
    if (var.get("ops") !~ ",(?:w|h)_") {
        if (var.get("ops") !~ ",t_") { return (synth(400, "key.no_size")); }
        if (var.get("ops") ~ ",dpr_") {
            var.set("field", "dpr"); return (synth(400, "key.dpr_without_size"));
        }
    }
    if (var.get("ops") ~ ",d_" && var.get("ops") ~ ",(?:c|r|fl|g)_") {
            if (var.get("ops") ~ ",c_") { var.set("field", "c"); }
            elseif (var.get("ops") ~ ",r_") { var.set("field", "r"); }
            elseif (var.get("ops") ~ ",fl_") { var.set("field", "fl"); }
            else { var.set("field", "g"); }
        return (synth(400, "key.design_owns_geometry"));
    }
}

sub edgeproof_crop {
    # The next crop of those that are well-formed: it has a size and ends inside the picture.
    if (var.get("crops") ~ ",c_") {
        var.set("crop", regsub(var.get("crops"), "^.*?,c_([^,]*).*$", "\1"));
        if (std.integer(regsub(var.get("crop"), "^[0-9]+_[0-9]+_([0-9]+).*$", "\1"), 0) < 1
            || std.integer(regsub(var.get("crop"), "^[0-9]+_[0-9]+_[0-9]+_([0-9]+).*$", "\1"), 0) < 1
            || std.integer(regsub(var.get("crop"), "^([0-9]+).*$", "\1"), 0) + std.integer(regsub(var.get("crop"), "^[0-9]+_[0-9]+_([0-9]+).*$", "\1"), 0) > 100000
            || std.integer(regsub(var.get("crop"), "^[0-9]+_([0-9]+).*$", "\1"), 0) + std.integer(regsub(var.get("crop"), "^[0-9]+_[0-9]+_[0-9]+_([0-9]+).*$", "\1"), 0) > 100000) {
            var.set("field", "c"); return (synth(400, "key.value"));
        }
        var.set("crops", regsub(var.get("crops"), ",c_[^,]*", ""));
    }
}

sub edgeproof_box {
    # Step 7: the widest rung not above snap(w) with a rounded height of at most 2560, or 0.
    # Without a height that is snap(w). (2hr + w) // 2w <= T is 2rh < (2T + 1)w.
    var.set_int("rung", 0);
    if (var.get_int("w") > 1920 && 5120 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 2560); }
    elseif (var.get_int("w") > 1600 && 3840 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 1920); }
    elseif (var.get_int("w") > 1280 && 3200 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 1600); }
    elseif (var.get_int("w") > 960 && 2560 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 1280); }
    elseif (var.get_int("w") > 800 && 1920 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 960); }
    elseif (var.get_int("w") > 640 && 1600 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 800); }
    elseif (var.get_int("w") > 480 && 1280 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 640); }
    elseif (var.get_int("w") > 320 && 960 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 480); }
    elseif (var.get_int("w") > 240 && 640 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 320); }
    elseif (var.get_int("w") > 160 && 480 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 240); }
    elseif (var.get_int("w") > 96 && 320 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 160); }
    elseif (var.get_int("w") > 64 && 192 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 96); }
    elseif (var.get_int("w") > 0 && 128 * var.get_int("h") < 5121 * var.get_int("w")) { var.set_int("rung", 64); }
}

sub edgeproof_order {
    # Step 10: what stands before the size, and what behind it.
    var.set("head", regsub(var.get("ops"), "^(?=.*?(,t_[^,]*)|)(?=.*?(,d_[^,]*)|)(?=.*?(,pf_[^,]*)|)(?=.*?(,c_[^,]*)|)(?=.*?(,r_[^,]*)|)(?=.*?(,fl_[^,]*)|).*$", "\1\2\3\4\5\6"));
    var.set("tail", regsub(var.get("ops"), "^(?=.*?(,fit_[^,]*)|)(?=.*?(,g_[^,]*)|)(?=.*?(,bg_[^,]*)|)(?=.*?(,q_[^,]*)|).*$", "\1\2\3\4"));
}

sub edgeproof_format {
    # Step 9, for the box in px, 0 where it has no such side.
    var.set("ext", "jpg");
    if (req.http.Accept && req.http.Accept !~ "^.{1025}") {
        var.set("accept", regsuball(std.tolower(req.http.Accept), "[ \t]+", ""));
        if (var.get("accept") ~ "^(?!.*(?:^|,)image/webp(?:;(?!q(?:[=;,]|$))[^;,]*)*+;q=(?:0(?:\.0{0,3})?)(?=[;,]|$)).*(?:^|,)image/webp(?:;(?!q(?:[=;,]|$))[^;,]*)*+(?:(?=,|$)|;q=(?!(?:0(?:\.0{0,3})?)(?=[;,]|$))(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)(?=[;,]|$))") { var.set("ext", "webp"); }
        if (var.get("accept") ~ "^(?!.*(?:^|,)image/avif(?:;(?!q(?:[=;,]|$))[^;,]*)*+;q=(?:0(?:\.0{0,3})?)(?=[;,]|$)).*(?:^|,)image/avif(?:;(?!q(?:[=;,]|$))[^;,]*)*+(?:(?=,|$)|;q=(?!(?:0(?:\.0{0,3})?)(?=[;,]|$))(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)(?=[;,]|$))" && var.get_int("w") <= 1600 && var.get_int("h") <= 1600) { var.set("ext", "avif"); }
    }
}

sub edgeproof_problem {
    # An error's body but for its field and the last brace. All 403 are one.
    var.set("problem", {"{"type":"about:blank","title":"Forbidden","status":403,"code":"sig.refused","detail":"This address is not signed for you, or not in a way that we accept.""});
    if (resp.reason == "http.method") { var.set("problem", {"{"type":"about:blank","title":"Method Not Allowed","status":405,"code":"http.method","detail":"Only GET and HEAD are answered here.""}); }
    elseif (resp.reason == "http.body") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"http.body","detail":"A request for a preview has no body.""}); }
    elseif (resp.reason == "http.host") { var.set("problem", {"{"type":"about:blank","title":"Misdirected Request","status":421,"code":"http.host","detail":"This host is not served here.""}); }
    elseif (resp.reason == "url.bytes") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"url.bytes","detail":"The address is too long or has characters that no preview's address has.""}); }
    elseif (resp.reason == "url.shape") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"url.shape","detail":"An address under /v1/ is /v1/{tenant}/{asset}/{ops}.{ext}.""}); }
    elseif (resp.reason == "url.unknown") { var.set("problem", {"{"type":"about:blank","title":"Not Found","status":404,"code":"url.unknown","detail":"There is no such address.""}); }
    elseif (resp.reason == "sig.repeated") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"sig.repeated","detail":"exp, kid, sig and scope may each be given once.""}); }
    elseif (resp.reason == "sig.expired") { var.set("problem", {"{"type":"about:blank","title":"Gone","status":410,"code":"sig.expired","detail":"This address was signed for a time that is over.""}); }
    elseif (resp.reason == "key.ext") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.ext","detail":"The ending must be .avif, .webp, .jpg, .png or .auto.""}); }
    elseif (resp.reason == "key.op") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.op","detail":"There is no such operation.""}); }
    elseif (resp.reason == "key.value") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.value","detail":"The value of this operation is not allowed.""}); }
    elseif (resp.reason == "key.repeated") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.repeated","detail":"Each operation may be given once.""}); }
    elseif (resp.reason == "key.many") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.many","detail":"At most 12 operations may be given.""}); }
    elseif (resp.reason == "key.no_size") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.no_size","detail":"One of t, w and h is needed.""}); }
    elseif (resp.reason == "key.dpr_without_size") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.dpr_without_size","detail":"dpr needs w or h beside it.""}); }
    elseif (resp.reason == "key.design_owns_geometry") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.design_owns_geometry","detail":"Beside a design there is no c, r, fl or g: it has its own.""}); }
    elseif (resp.reason == "key.aspect") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.aspect","detail":"The box is too tall for its width.""}); }
    elseif (resp.reason == "key.not_canonical") { var.set("problem", {"{"type":"about:blank","title":"Bad Request","status":400,"code":"key.not_canonical","detail":"An edge must send a canonical path without a query.""}); }
    elseif (resp.reason == "preset.unknown") { var.set("problem", {"{"type":"about:blank","title":"Not Found","status":404,"code":"preset.unknown","detail":"There is no such preset.""}); }
    elseif (resp.reason == "edge.unavailable") { var.set("problem", {"{"type":"about:blank","title":"Service Unavailable","status":503,"code":"edge.unavailable","detail":"The pictures cannot be reached.""}); }
    if (resp.status == 400) { set resp.reason = "Bad Request"; }
    elseif (resp.status == 403) { set resp.reason = "Forbidden"; }
    elseif (resp.status == 404) { set resp.reason = "Not Found"; }
    elseif (resp.status == 405) { set resp.reason = "Method Not Allowed"; }
    elseif (resp.status == 410) { set resp.reason = "Gone"; }
    elseif (resp.status == 421) { set resp.reason = "Misdirected Request"; }
    elseif (resp.status == 503) { set resp.reason = "Service Unavailable"; }
}
