"""What each thing carries at the edges, and whose generation its purge moves: one row per thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from blake3 import blake3

from cache_keys import policy, tags
from cache_keys.asking import ask
from cache_keys.errors import Refusal
from cache_keys.ids import checked_engine, is_hash
from cache_keys.request import read_target
from purge.errors import BadPurge
from purge.ports import Catalogue
from purge.values import Kind, Selection, Subject, Target, What

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_TENANT = re.compile(policy.TENANT)
_PRESET = re.compile(f"({policy.NAME})~({policy.VER})")
_TAG = re.compile(policy.TAG)
_PREFIX = re.compile(
    f"{policy.ROOT}(?:({policy.TENANT})/(?:({policy.HASH})/{policy.PATH_BYTES})?)?"
)
#: An owner or project as the records hold them: up to 200 characters, none of them a control.
_OWNER = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
#: What `.auto` can have become.
_AUTO_EXTS = (".avif", ".webp", ".jpg")
#: Assets of one purge whose new generations are kept for its verification.
GENERATIONS_MAX = 1_000
#: Named in full in an order's label and in the audit; the rest is a count.
NAMED_MAX = 20
_LABEL_KEY = "edgeproof 2026 purge label of an owner or project"


class Moves(Enum):
    """Whose generation a purge moves at the origin."""

    NONE = "none"  # new keys come of themselves, or nothing here has that name
    ASSETS = "assets"  # those that the catalogue finds for the subject
    ALL_OF_TENANT = "all of tenant"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    """What purging one thing means. ``carries`` gets the subject and its ``tenant/asset``s."""

    is_name: Callable[[str], bool]
    moves: Callable[[Subject], Moves]
    carries: Callable[[Subject, Sequence[str]], Sequence[Target]]
    has_tenant: bool = False
    needs_assets: bool = False  # without one there is nothing to purge
    is_personal: bool = False  # the name may be a customer's


def tag_target(tag: str) -> Target:
    """Return a tag as a target."""
    return Target(Kind.TAG, tag)


def _asset_tags(_: Subject, assets: Sequence[str]) -> Sequence[Target]:
    return [tag_target(tags.asset_tag(name.partition("/")[2])) for name in assets]


def _design(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    return [tag_target(tags.design_tag(subject.name))]


def _preset(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    name, _tilde, version = subject.name.partition("~")
    return [tag_target(tags.preset_tag(subject.tenant, name, int(version)))]


def _engine(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    return [tag_target(tags.engine_tag(subject.name))]


def _itself(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    return [Target(Kind(subject.what.value), subject.name)]


def _url(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    return [Target(Kind.URL, path) for path in canonical_paths(subject.name)]


def _tenant(subject: Subject, _: Sequence[str]) -> Sequence[Target]:
    return [tag_target(tags.tenant_tag(subject.tenant))]


def _everything(_: Subject, __: Sequence[str]) -> Sequence[Target]:
    return [Target(Kind.ALL)]


def _by_tag(subject: Subject) -> Moves:
    if subject.name == tags.ALL:
        return Moves.ALL
    if subject.name.startswith("n-"):
        return Moves.ALL_OF_TENANT
    return Moves.ASSETS if subject.name.startswith(("a-", "d-", "t-")) else Moves.NONE


def _by_prefix(subject: Subject) -> Moves:
    match = _PREFIX.fullmatch(subject.name)
    assert match is not None, "the prefix was checked"
    if match[2]:
        return Moves.ASSETS
    return Moves.ALL_OF_TENANT if match[1] else Moves.ALL


def _always(moves: Moves) -> Callable[[Subject], Moves]:
    return lambda _: moves


def _is(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda name: pattern.fullmatch(name) is not None


def _is_engine(name: str) -> bool:
    try:
        checked_engine(name)
    except ValueError:
        return False
    return True


def canonical_paths(url: str) -> Sequence[str]:
    """Return the canonical paths that a preview's URL or path may be cached under.

    Host, query and signature are no part of a key; ``.auto`` is one path for each format.
    Raises BadPurge "purge.path".
    """
    path = re.sub("^https?://[^/]*", "", url).partition("?")[0]
    stem = path.removesuffix(f".{policy.AUTO}")
    exts = ("",) if stem == path else _AUTO_EXTS
    try:
        return [ask(read_target((stem + ext).encode("ascii")), ()).canonical_path for ext in exts]
    except (Refusal, UnicodeEncodeError) as error:
        raise BadPurge("purge.path", log=f"{url!r}: {error}") from error


def _is_path(name: str) -> bool:
    try:
        return bool(canonical_paths(name))
    except BadPurge:
        return False


def _is_nothing(name: str) -> bool:
    return not name


_OF_ASSETS = _always(Moves.ASSETS)
_PERSONAL = Rule(
    _is(_OWNER), _OF_ASSETS, _asset_tags, has_tenant=True, needs_assets=True, is_personal=True
)
RULES: Mapping[What, Rule] = {
    What.ASSET: Rule(is_hash, _OF_ASSETS, _asset_tags, has_tenant=True, needs_assets=True),
    What.OWNER: _PERSONAL,
    What.PROJECT: _PERSONAL,
    What.DESIGN: Rule(is_hash, _OF_ASSETS, _design, has_tenant=True, needs_assets=True),
    What.PRESET: Rule(_is(_PRESET), _OF_ASSETS, _preset, has_tenant=True),
    What.ENGINE: Rule(_is_engine, _always(Moves.NONE), _engine),
    What.TAG: Rule(_is(_TAG), _by_tag, _itself),
    What.URL: Rule(_is_path, _OF_ASSETS, _url),
    What.PREFIX: Rule(_is(_PREFIX), _by_prefix, _itself),
    What.TENANT: Rule(_is_nothing, _always(Moves.ALL_OF_TENANT), _tenant, has_tenant=True),
    What.ALL: Rule(_is_nothing, _always(Moves.ALL), _everything),
}
#: The code of a name of the wrong form, where it is not "purge.name".
CODES = {What.TAG: "purge.tag", What.URL: "purge.path", What.PREFIX: "purge.prefix"}


def checked(subject: Subject) -> Rule:
    """Return the rule of a subject; raises BadPurge when its tenant or name is of a wrong form."""
    rule = RULES[subject.what]
    has_tenant = _TENANT.fullmatch(subject.tenant) is not None
    if has_tenant != rule.has_tenant or (subject.tenant and not rule.has_tenant):
        sentence = f"{subject.what} {'needs a' if rule.has_tenant else 'has no'} tenant."
        raise BadPurge("purge.name", sentence)
    if not rule.is_name(subject.name):
        raise BadPurge(
            CODES.get(subject.what, "purge.name"), log=f"{subject.what} {subject.name!r}"
        )
    return rule


async def select(
    connection: AsyncConnection,
    subjects: Sequence[Subject],
    catalogue: Catalogue,
    *,
    bumps: bool = True,
) -> Selection:
    """Say what the subjects carry and move their generations, all in the caller's transaction.

    ``bumps=False`` only looks: for a dry run, or where the caller moves them itself.
    Raises BadPurge: a wrong form; "purge.unknown" when the records do not know a subject that must
    have photos; "purge.empty" without subjects.
    """
    if not subjects:
        raise BadPurge("purge.empty")
    rules = {subject: checked(subject) for subject in subjects}
    narrow = [subject for subject, rule in rules.items() if rule.moves(subject) is Moves.ASSETS]
    found = await catalogue.assets(connection, narrow) if narrow else {}
    targets: dict[Target, None] = {}
    for subject, rule in rules.items():
        its = found.get(subject, ())
        if rule.needs_assets and not its:
            name = "" if rule.is_personal else subject.name
            raise BadPurge("purge.unknown", f"The records know no such {subject.what}.", log=name)
        targets.update(dict.fromkeys(rule.carries(subject, its)))
    wide = dict.fromkeys(
        _tenant_of(subject)
        for subject, rule in rules.items()
        if rule.moves(subject) in {Moves.ALL, Moves.ALL_OF_TENANT}
    )
    generations: dict[str, int] = {}
    if bumps:
        for tenant in wide:
            generations |= await catalogue.bump_all(connection, tenant)
        assets = dict.fromkeys(name for its in found.values() for name in its)
        single = [name for name in assets if not wide.keys() & {"", name.partition("/")[0]}]
        generations |= await catalogue.bump(connection, single)
    sample = dict(list(generations.items())[:GENERATIONS_MAX])
    tenants = {subject.tenant for subject in subjects}
    tenant = tenants.pop() if len(tenants) == 1 else ""
    return Selection(subjects[0].what, tenant, label_of(subjects), tuple(targets), sample)


def label_of(subjects: Sequence[Subject]) -> str:
    """Name subjects for people and the audit, without a customer's name."""
    named = ", ".join(_label(subject) for subject in subjects[:NAMED_MAX])
    more = len(subjects) - NAMED_MAX
    return f"{named} and {more} more" if more > 0 else named


def _label(subject: Subject) -> str:
    name = subject.name
    if RULES[subject.what].is_personal:
        # Keyed, so that whoever knows the name can find the purge, and a list of names cannot be
        # read from it at a glance. It is a pseudonym, not anonymity.
        material = f"{subject.tenant}\n{name}".encode()
        name = "#" + blake3(material, derive_key_context=_LABEL_KEY).hexdigest()[:16]
    elif subject.what is What.URL:
        name = canonical_paths(name)[0]  # as it was typed it may hold a signature
    return " ".join(
        (subject.what, "/".join(part for part in (subject.tenant, name) if part))
    ).strip()


def _tenant_of(subject: Subject) -> str:
    if subject.what is What.TENANT:
        return subject.tenant
    if subject.what is What.TAG and subject.name.startswith("n-"):
        return subject.name[2:]
    match = _PREFIX.fullmatch(subject.name) if subject.what is What.PREFIX else None
    return (match[1] or "") if match else ""
