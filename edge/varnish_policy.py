"""Writes Varnish's copy of the URL grammar, and the includes of one deployment, as VCL.

VCL takes only literal patterns, so each decision that needs a number or a pattern of the policy is
a whole subroutine here; the order of the decisions, keys and clocks stand in edgeproof.vcl.
The subroutines leave what they found in variables (vmod var): ops is ``,op,op,`` so that an op is
always ``,name_value,``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cache_keys import policy
from cache_keys.errors import FORBIDDEN_CODE, REFUSALS
from edge.build import HEADER
from edge.varnish_deployment import Secrets, deployment_vcl, secrets_vcl
from edge.varnish_text import NOW, at_most, chain, first_repeat, refuse, sub

__all__ = ["Secrets", "deployment_vcl", "generated", "secrets_vcl"]

POLICY_PATH = "edge/varnish/policy.generated.vcl"
#: Refusals of an edge that are not about the grammar: its origin is away.
ORIGIN_DOWN = ("edge.unavailable", 503, "The pictures cannot be reached.")
TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    421: "Misdirected Request",
    503: "Service Unavailable",
}
_NAMES = "|".join(policy.OPS)


def generated() -> Mapping[str, str]:
    """Return the policy part, path in the repository to text."""
    subs = (
        _target(),
        _proof(),
        _claim(),
        _exp(),
        _picture(),
        _leaf(),
        _crop(),
        _box(),
        _order(),
        _format(),
        _problem(),
    )
    return {POLICY_PATH: f"# {HEADER}\n\n" + "\n".join(subs)}


def _target() -> str:
    cap, path = policy.TARGET_BYTES_MAX + 1, policy.PATH_BYTES_MAX + 1
    root, tenant, asset = policy.ROOT, policy.TENANT, policy.HASH
    shape = f"^(?![^?]{{{path}}}){root}{tenant}/{asset}/{policy.LEAF_BYTES}(?:[?]|$)"
    return sub(
        "target",
        f"""\
    # Step 3. The cap comes first: a pattern engine that gives up would be a 503.
    if (req.url ~ "^.{{{cap}}}") {{ {refuse("url.bytes")} }}
    if (req.url !~ "{shape}") {{
        if (req.url ~ "^[^?]{{{path}}}" || req.url !~ "^{policy.PATH_BYTES}(?:[?]|$)") {{
            {refuse("url.bytes")}
        }}
        if (req.url ~ "^{root}") {{ {refuse("url.shape")} }}
        {refuse("url.unknown")}
    }}
    var.set("tenant", regsub(req.url, "^{root}([^/]*).*$", "\\1"));""",
    )


def _claim() -> str:
    names, end = "|".join(policy.SIGNATURE_NAMES), "(?:[=&]|$)"
    asked = (("exp", policy.EXP), ("kid", policy.KID), ("sig", policy.MAC))
    usual = "&".join(f"{name}={pattern}" for name, pattern in asked)
    scope = f"&scope={policy.SCOPE_ASSET}"
    forms = "".join(f"(?=.*&{name}={pattern}(?:&|$))" for name, pattern in asked)
    wrong_scope = f"(?!.*&scope(?!={policy.SCOPE_ASSET}(?:&|$)))"
    signers = "\n            + ".join(
        f'"{sign}{name}=" + regsub(var.get("claim"), "^.*&{name}=([^&]*).*$", "\\1")'
        for sign, (name, _) in zip("?&&", asked, strict=True)
    )
    return sub(
        "claim",
        f"""\
    # Step 4. Behind here is no query, or one as the signer writes it.
    if (req.url !~ "^[^?]*[?]{usual}(?:{scope})?$") {{
        # claim: the parts that concern us, each behind an ampersand.
        var.set("claim", regsuball(regsub(req.url, "^[^?]*[?]", "&"),
            "(?:&(?!(?:{names}){end})[^&]*)++", ""));
        if (var.get("claim") !~ "&") {{
            set req.url = regsub(req.url, "[?].*$", "");
            return;
        }}
        if (var.get("claim") ~ "&([a-z]+)(?={end}).*&\\1{end}") {{
            {first_repeat("claim", "&", end, len(policy.SIGNATURE_NAMES))}
            {refuse("sig.repeated")}
        }}
        if (var.get("claim") !~ "^{forms}{wrong_scope}") {{ {refuse("sig.form")} }}
        set req.url = regsub(req.url, "[?].*$", "") + {signers}
            + regsub(var.get("claim"), "^(?:.*({scope})|).*$", "\\1");
    }}
    var.set("kid", regsub(req.url, "^[^&]*&kid=([a-z0-9]*).*$", "\\1"));""",
    )


def _proof() -> str:
    header, skew_s = "req.http.Edgeproof-Edge", policy.PROOF_SKEW_S
    return sub(
        "proof_form",
        f"""\
    # The parts of a proof, and whether it is of this minute.
    if ({header} !~ "^{policy.PROOF}$") {{ {refuse("edge.proof")} }}
    var.set("t", regsub({header}, "^t=([0-9]+).*$", "\\1"));
    var.set("kid", regsub({header}, "^.*;kid=([^;]*).*$", "\\1"));
    var.set("sig", regsub({header}, "^.*;mac=", ""));
    var.set_real("age", {NOW} - std.real(var.get("t"), 0.0));
    if (var.get_real("age") <= {skew_s}.0 && var.get_real("age") >= -{skew_s}.0) {{
        var.set("fresh_proof", "1");
    }}""",
    )


def _exp() -> str:
    left, longest_s = 'var.get_real("left")', policy.LIFE_MAX_S + policy.CLOCK_SKEW_S
    return sub(
        "exp",
        f"""\
    # The end of step 5: the time of a signature that holds. left: seconds until it does no more.
    var.set_real("left",
        std.real(regsub(req.url, "^[^?]*[?]exp=([0-9]*).*$", "\\1"), 0.0) - {NOW});
    if ({left} < -{policy.CLOCK_SKEW_S}.0) {{ var.set("field", "exp"); {refuse("sig.expired")} }}
    if ({left} > {longest_s}.0) {{ {refuse("sig.far")} }}""",
    )


def _leaf() -> str:
    exts, size = "|".join((*policy.EXTS, policy.AUTO)), ",(?:w|h)_"
    side = at_most(policy.TOP)
    point = f"(?:0|{at_most(policy.UNIT)})"
    gravity = f"{'|'.join((*policy.COMPASS, *policy.FOUND_POINTS))}|{point}_{point}"
    values = {**policy.OPS, "w": side, "h": side, "g": gravity}
    op = "|".join(f"{name}_(?:{value})" for name, value in values.items())
    define = f"(?(DEFINE)(?<op>(?:{op})(?=,)))"
    owned = "".join(
        f'if (var.get("ops") ~ ",{name}_") {{ var.set("field", "{name}"); }}\n            else'
        for name in ("c", "r", "fl")
    )
    return sub(
        "leaf",
        f"""\
    # Step 6. One pattern reads all values; only a leaf that it does not take is looked at closer.
    if (req.url !~ "[.](?:{exts})$") {{ var.set("field", "ext"); {refuse("key.ext")} }}
    var.set("ext", regsub(req.url, "^.*[.]", ""));
    var.set("ops", regsub(req.url, "^.*/(.*)[.][a-z]*$", ",\\1,"));
    if (var.get("ops") ~ "^,(?:t_(?!{policy.EDGE_PRESET}~){policy.OPS["t"]}|[wh]_{side}),$") {{
        return;  # the most usual leaves: a preset, or one side
    }}
    var.set("good", var.get("ops"));
    if (var.get("ops") !~ "{define}^(?:,(?&op))++,$") {{
        if (var.get("ops") !~ "^(?:,(?:{_NAMES})_[^,]*)++,$") {{
            var.set("field", regsub(var.get("ops"),
                "^(?:,(?:{_NAMES})_[^,]*)*+,([^_,]{{0,20}}).*$", "\\1"));
            {refuse("key.op")}
        }}
        var.set("good", regsub(var.get("ops"), "{define}^((?:,(?&op))*+).*$", "\\2"));
    }}
    var.set("crops", var.get("good"));
    call edgeproof_crops;
    if (var.get("good") != var.get("ops")) {{
        var.set("field", regsub(var.get("ops"), "{define}^(?:,(?&op))*+,([a-z]+)_.*$", "\\2"));
        {refuse("key.value")}
    }}
    if (var.get("ops") ~ ",t_{policy.EDGE_PRESET}~" && var.get("ops") ~ "^,[^,]*,.") {{
        var.set("field", "t"); {refuse("key.value")}
    }}
    if (var.get("ops") ~ ",([a-z]+)_.*,\\1_") {{
        {first_repeat("ops", ",", "_", len(policy.OPS))}
        {refuse("key.repeated")}
    }}
    if (var.get("ops") ~ "^(?:,[^,]*){{{policy.OPS_MAX + 1}}},") {{ {refuse("key.many")} }}
    if (var.get("ops") !~ "{size}") {{
        if (var.get("ops") !~ ",t_") {{ {refuse("key.no_size")} }}
        if (var.get("ops") ~ ",dpr_") {{
            var.set("field", "dpr"); {refuse("key.dpr_without_size")}
        }}
    }}
    if (var.get("ops") ~ ",d_" && var.get("ops") ~ ",(?:c|r|fl|g)_") {{
            {owned} {{ var.set("field", "g"); }}
        {refuse("key.design_owns_geometry")}
    }}""",
    )


def _picture() -> str:
    preset = f"t_(?!{policy.EDGE_PRESET}~){policy.OPS['t']}"
    usual = (
        f"(?:{preset}|[wh]_(?:{'|'.join(map(str, policy.LADDER))}))[.](?:{'|'.join(policy.EXTS)})"
    )
    return sub(
        "picture",
        f"""\
    # The most usual leaves are canonical as they come.
    if (req.url ~ "/(?:{policy.INFO.replace(".", "[.]")}|{usual})$") {{ return; }}
    call edgeproof_leaf;
    call edgeproof_canonical;""",
    )


def _crop() -> str:
    numbers = [
        f'std.integer(regsub(var.get("crop"), "^{"[0-9]+_" * place}([0-9]+).*$", "\\1"), 0)'
        for place in range(4)
    ]
    x, y, w, h = numbers
    return sub(
        "crop",
        f"""\
    # The next crop of those that are well-formed: it has a size and ends inside the picture.
    if (var.get("crops") ~ ",c_") {{
        var.set("crop", regsub(var.get("crops"), "^.*?,c_([^,]*).*$", "\\1"));
        if ({w} < 1
            || {h} < 1
            || {x} + {w} > {policy.UNIT}
            || {y} + {h} > {policy.UNIT}) {{
            var.set("field", "c"); {refuse("key.value")}
        }}
        var.set("crops", regsub(var.get("crops"), ",c_[^,]*", ""));
    }}""",
    )


def _box() -> str:
    rungs = []
    for below, rung in reversed(list(zip((0, *policy.LADDER), policy.LADDER, strict=False))):
        fits = f'{2 * rung} * var.get_int("h") < {2 * policy.TOP + 1} * var.get_int("w")'
        rungs.append(f'var.get_int("w") > {below} && {fits}) {{ var.set_int("rung", {rung}); }}')
    return sub(
        "box",
        f"""\
    # Step 7: the widest rung not above snap(w) with a rounded height of at most {policy.TOP}, or 0.
    # Without a height that is snap(w). (2hr + w) // 2w <= T is 2rh < (2T + 1)w.
    var.set_int("rung", 0);
{chain(rungs, "")}""",
    )


def _order() -> str:
    place = policy.ORDER.index("w")
    parts = (("head", policy.ORDER[:place]), ("tail", policy.ORDER[place + 2 :]))
    lines = []
    for name, ops in parts:
        seen = "".join(f"(?=.*?(,{op}_[^,]*)|)" for op in ops)
        groups = "".join(f"\\{number}" for number in range(1, len(ops) + 1))
        lines.append(f'    var.set("{name}", regsub(var.get("ops"), "^{seen}.*$", "{groups}"));')
    return sub(
        "order",
        "    # Step 10: what stands before the size, and what behind it.\n" + "\n".join(lines),
    )


def _format() -> str:
    ok = "(?=[;,]|$)"
    zero = f"(?:{policy.ACCEPT_Q_ZERO}){ok}"
    other = "(?:;(?!q(?:[=;,]|$))[^;,]*)*+"
    lines = []
    for name in ("webp", "avif"):
        element = f"(?:^|,)image/{name}{other}"
        wanted = f"(?:(?=,|$)|;q=(?!{zero})(?:{policy.ACCEPT_Q}){ok})"
        named = f"^(?!.*{element};q={zero}).*{element}{wanted}"
        small = "".join(
            f' && var.get_int("{side}") <= {policy.AUTO_AVIF_SIDE}'
            for side in ("w", "h")
            if name == "avif"
        )
        lines.append(
            f'        if (var.get("accept") ~ "{named}"{small}) {{ var.set("ext", "{name}"); }}'
        )
    return sub(
        "format",
        f"""\
    # Step 9, for the box in px, 0 where it has no such side.
    var.set("ext", "jpg");
    if (req.http.Accept && req.http.Accept !~ "^.{{{policy.ACCEPT_BYTES_MAX + 1}}}") {{
        var.set("accept", regsuball(std.tolower(req.http.Accept), "[ \\t]+", ""));
{chr(10).join(lines)}
    }}""",
    )


def _problem() -> str:
    rows = {code: row for code, row in REFUSALS.items() if not code.startswith("sign.")}
    rows[ORIGIN_DOWN[0]] = ORIGIN_DOWN[1:]
    texts = {code: _document(code, *row) for code, row in rows.items()}
    forbidden = texts["sig.bad"]
    lines = [
        f'resp.reason == "{code}") {{ var.set("problem", {{"{text}"}}); }}'
        for code, text in texts.items()
        if text != forbidden
    ]
    titles = [
        f'resp.status == {status}) {{ set resp.reason = "{title}"; }}'
        for status, title in TITLES.items()
    ]
    return sub(
        "problem",
        f"""\
    # An error's body but for its field and the last brace. All 403 are one.
    var.set("problem", {{"{forbidden}"}});
{chain(lines, "")}
{chain(titles, "")}""",
    )


def _document(code: str, status: int, public: str) -> str:
    """Return a problem document without its last brace."""
    shown = FORBIDDEN_CODE if status == 403 else code
    body = {"type": "about:blank", "title": TITLES[status], "status": status, "code": shown}
    text = json.dumps({**body, "detail": public}, ensure_ascii=False, separators=(",", ":"))
    return text[:-1]
