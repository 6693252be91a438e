"""The one table of the URL grammar: sizes, patterns, order and limits, as plain values.

The edges' copies (JavaScript, VCL) are generated from this module, so every pattern is written in
the part of regular expressions that Python, JavaScript and PCRE read alike, without anchors: it
must match the whole text. Source of every number: the URL rules, quoted in docs/urls.md.
"""

from __future__ import annotations

LADDER = (64, 96, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560)  # px
TOP = 2560  # px, the longest side of a preview
AUTO_AVIF_SIDE = 1600  # px; above it .auto does not choose AVIF, which is slow to make there

EXTS = ("avif", "webp", "jpg", "png")
AUTO = "auto"
INFO = "info.json"

TENANT = "[a-z0-9][a-z0-9-]{0,31}"
HASH = "[a-z2-7]{51}[aq]"  # base32 of 256 bits: the last character carries one bit
NAME = "[a-z0-9][a-z0-9-]{0,19}"
VER = "[1-9][0-9]{0,3}"
N = "(?:0|[1-9][0-9]{0,5})"
SIDE = "[1-9][0-9]{0,3}"
ENGINE = "[a-z0-9.-]{1,40}"
TAG = "[a-z0-9:._~-]{1,64}"

COMPASS = ("c", "n", "e", "s", "w", "ne", "nw", "se", "sw")
FOUND_POINTS = ("smart", "face")  # the origin looks for them in the picture
FITS = ("inside", "cover", "contain", "fill")
UNIT = 100_000  # crops and points count in 1/100000 of the upright source

# Op name: the pattern of its value. The order is the order of a canonical path; dpr is an alias
# that only an address may have. Beyond the patterns: w and h are at most TOP, a crop has w, h >= 1
# and ends inside UNIT, a point's numbers are at most UNIT.
OPS: dict[str, str] = {
    "t": f"{NAME}~{VER}",
    "d": HASH,
    "pf": f"{NAME}~{VER}(?:~paper)?",
    "c": f"{N}_{N}_{N}_{N}",
    "r": "90|180|270",
    "fl": "h|v|hv",
    "w": SIDE,
    "h": SIDE,
    "fit": "|".join(FITS),
    "g": "|".join((*COMPASS, *FOUND_POINTS, f"{N}_{N}")),
    "bg": "[0-9a-f]{6}",
    "q": "[3-9][05]",
    "dpr": "[123]",
}
ORDER = tuple(name for name in OPS if name != "dpr")
OPS_MAX = 12
EDGE_PRESET = "edge"  # t_edge~1: the edge master, for authenticated edges only
EDGE_VERSION = 1

ROOT = "/v1/"
PRINT_ROOT = "/print/v1/"
TARGET_BYTES_MAX = 2048  # a pattern engine that gives up must never see more
PATH_BYTES_MAX = 1024
PATH_BYTES = "[a-z0-9/_.,~-]*"
LEAF_BYTES = "[a-z0-9_.,~-]+"
ACCEPT_BYTES_MAX = 1024
METHODS = ("GET", "HEAD")

ACCEPT_Q = r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?"
ACCEPT_Q_ZERO = r"0(?:\.0{0,3})?"

SIGNATURE_NAMES = ("exp", "kid", "sig", "scope")
EXP = "[1-9][0-9]{9}"  # Unix seconds
KID = "[a-z0-9]{1,16}"
MAC = "[0-9a-f]{64}"
SECRET = "[0-9a-f]{64}"  # noqa: S105 - a pattern, for masters and edge secrets
SCOPE_ASSET = "asset"
DUMMY_SECRET = "0" * 64  # stands in for a key that is not there, and never opens anything
CLOCK_SKEW_S = 30
LIFE_MAX_S = 8 * 86_400
BUCKET_S = 86_400  # a page reloaded within a day asks for the same URL
PROOF_HEADER = "Edgeproof-Edge"
PROOF = f"t=({EXP});kid=({KID});mac=({MAC})"
PROOF_SKEW_S = 60
EDGE_KIDS_MAX = 2

# A canonical path is of the origin's lane if it has one of these ops, or one of these values.
ORIGIN_OPS = ("t", "d", "pf")
ORIGIN_GRAVITY = FOUND_POINTS

TAGS_MAX = 16
