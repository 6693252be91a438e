// Written by `edgeproof edge build` from cache_keys; never edited.
export const LADDER = [64, 96, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560];
export const TOP = 2560;
export const AUTO_AVIF_SIDE = 1600;
export const EXTS = ["avif", "webp", "jpg", "png"];
export const AUTO = "auto";
export const INFO = "info.json";
export const TENANT = "[a-z0-9][a-z0-9-]{0,31}";
export const HASH = "[a-z2-7]{51}[aq]";
export const NAME = "[a-z0-9][a-z0-9-]{0,19}";
export const VER = "[1-9][0-9]{0,3}";
export const N = "(?:0|[1-9][0-9]{0,5})";
export const SIDE = "[1-9][0-9]{0,3}";
export const ENGINE = "[a-z0-9.-]{1,40}";
export const TAG = "[a-z0-9:._~-]{1,64}";
export const COMPASS = ["c", "n", "e", "s", "w", "ne", "nw", "se", "sw"];
export const FOUND_POINTS = ["smart", "face"];
export const FITS = ["inside", "cover", "contain", "fill"];
export const UNIT = 100000;
export const OPS = /** @type {Record<string, string>} */ ({
  "t": "[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}",
  "d": "[a-z2-7]{51}[aq]",
  "pf": "[a-z0-9][a-z0-9-]{0,19}~[1-9][0-9]{0,3}(?:~paper)?",
  "c": "(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})",
  "r": "90|180|270",
  "fl": "h|v|hv",
  "w": "[1-9][0-9]{0,3}",
  "h": "[1-9][0-9]{0,3}",
  "fit": "inside|cover|contain|fill",
  "g": "c|n|e|s|w|ne|nw|se|sw|smart|face|(?:0|[1-9][0-9]{0,5})_(?:0|[1-9][0-9]{0,5})",
  "bg": "[0-9a-f]{6}",
  "q": "[3-9][05]",
  "dpr": "[123]"
});
export const ORDER = ["t", "d", "pf", "c", "r", "fl", "w", "h", "fit", "g", "bg", "q"];
export const OPS_MAX = 12;
export const EDGE_PRESET = "edge";
export const EDGE_VERSION = 1;
export const ROOT = "/v1/";
export const PRINT_ROOT = "/print/v1/";
export const TARGET_BYTES_MAX = 2048;
export const PATH_BYTES_MAX = 1024;
export const PATH_BYTES = "[a-z0-9/_.,~-]*";
export const LEAF_BYTES = "[a-z0-9_.,~-]+";
export const ACCEPT_BYTES_MAX = 1024;
export const METHODS = ["GET", "HEAD"];
export const ACCEPT_Q = "0(?:\\.[0-9]{0,3})?|1(?:\\.0{0,3})?";
export const ACCEPT_Q_ZERO = "0(?:\\.0{0,3})?";
export const SIGNATURE_NAMES = ["exp", "kid", "sig", "scope"];
export const EXP = "[1-9][0-9]{9}";
export const KID = "[a-z0-9]{1,16}";
export const MAC = "[0-9a-f]{64}";
export const SECRET = "[0-9a-f]{64}";
export const SCOPE_ASSET = "asset";
export const DUMMY_SECRET = "0000000000000000000000000000000000000000000000000000000000000000";
export const CLOCK_SKEW_S = 30;
export const LIFE_MAX_S = 691200;
export const BUCKET_S = 86400;
export const PROOF_HEADER = "Edgeproof-Edge";
export const PROOF = "t=([1-9][0-9]{9});kid=([a-z0-9]{1,16});mac=([0-9a-f]{64})";
export const PROOF_SKEW_S = 60;
export const EDGE_KIDS_MAX = 2;
export const ORIGIN_OPS = ["t", "d", "pf"];
export const ORIGIN_GRAVITY = ["smart", "face"];
export const TAGS_MAX = 16;
export const REFUSALS = /** @type {Record<string, [number, string]>} */ ({
  "http.method": [405, "Only GET and HEAD are answered here."],
  "http.body": [400, "A request for a preview has no body."],
  "http.host": [421, "This host is not served here."],
  "url.bytes": [400, "The address is too long or has characters that no preview's address has."],
  "url.shape": [400, "An address under /v1/ is /v1/{tenant}/{asset}/{ops}.{ext}."],
  "url.unknown": [404, "There is no such address."],
  "sig.repeated": [400, "exp, kid, sig and scope may each be given once."],
  "sig.form": [403, "This address is not signed for you, or not in a way that we accept."],
  "sig.missing": [403, "This address is not signed for you, or not in a way that we accept."],
  "sig.bad": [403, "This address is not signed for you, or not in a way that we accept."],
  "sig.far": [403, "This address is not signed for you, or not in a way that we accept."],
  "edge.proof": [403, "This address is not signed for you, or not in a way that we accept."],
  "sig.expired": [410, "This address was signed for a time that is over."],
  "key.ext": [400, "The ending must be .avif, .webp, .jpg, .png or .auto."],
  "key.op": [400, "There is no such operation."],
  "key.value": [400, "The value of this operation is not allowed."],
  "key.repeated": [400, "Each operation may be given once."],
  "key.many": [400, "At most 12 operations may be given."],
  "key.no_size": [400, "One of t, w and h is needed."],
  "key.dpr_without_size": [400, "dpr needs w or h beside it."],
  "key.design_owns_geometry": [400, "Beside a design there is no c, r, fl or g: it has its own."],
  "key.aspect": [400, "The box is too tall for its width."],
  "key.not_canonical": [400, "An edge must send a canonical path without a query."],
  "preset.unknown": [404, "There is no such preset."],
});
export const FORBIDDEN_CODE = "sig.refused";
