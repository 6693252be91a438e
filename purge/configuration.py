"""The purge configuration: a TOML file of providers and edges. Secrets are named, never written."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from purge.errors import BadConfiguration
from purge.providers import plans

#: A file of many accounts has some kilobytes.
FILE_BYTES_MAX = 1_000_000
SECRET_BYTES_MAX = 4_096
NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
HOST = r"^[a-z0-9.-]{1,253}(:[0-9]{1,5})?$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
#: The setting that the edges' files are made with, see docs/settings.md.
VARNISH_VARIABLE = "EDGEPROOF_PURGE_SECRET"
#: Words that people write where a secret's place belongs.
INLINE = {"token", "secret", "api_token", "api_key", "password", "key"}


def _without_slash(url: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s@]+(?:/[^?#\s]*)?", url):
        raise ValueError("a base is like https://img.shop.example, without user, query or fragment")
    return url.rstrip("/")


def _not_a_setting(variable: str) -> str:
    if variable.startswith("EDGEPROOF_") and variable != VARNISH_VARIABLE:
        raise ValueError("EDGEPROOF_ begins the names of settings: give the secret another name")
    return variable


Name = Annotated[str, Field(pattern=NAME)]
Host = Annotated[str, Field(pattern=HOST)]
Base = Annotated[str, AfterValidator(_without_slash)]
Variable = Annotated[str, Field(pattern=VARIABLE), AfterValidator(_not_a_setting)]


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ProviderTable(Table):
    """What every provider has. depth: 0 is the innermost cache and is purged first."""

    name: Name
    account: Name | None = Field(None, description="providers of one account share its rate limit")
    depth: int = Field(ge=0, le=9)
    rate_per_s: float | None = Field(None, gt=0, le=10_000, description="calls a second")
    burst: int | None = Field(None, ge=1, le=100_000, description="calls at once")
    timeout_s: float = Field(10.0, gt=0, le=120)


class SecretTable(ProviderTable):
    """A provider with a token: by the name of a variable, or the path of a file."""

    token_env: Variable | None = None
    token_file: Path | None = None

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
        if (self.token_env is None) == (self.token_file is None):
            raise ValueError("exactly one of token_env and token_file is needed")
        return self


class FastlyTable(SecretTable):
    """One service of Fastly."""

    depth: int = Field(1, ge=0, le=9)
    service: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$")
    hosts: tuple[Host, ...] = Field((), max_length=20)
    keys_per_call: int = Field(plans.FASTLY_KEYS_PER_CALL, ge=1, le=plans.FASTLY_KEYS_PER_CALL)
    base_url: Base = "https://api.fastly.com"


class CloudflareTable(SecretTable):
    """One zone of Cloudflare."""

    depth: int = Field(1, ge=0, le=9)
    zone: str = Field(pattern=r"^[0-9a-f]{32}$")
    zone_name: Host | None = Field(None, description="what `purge all` asks to be repeated")
    plan: Literal["free", "pro", "business", "enterprise"] = "free"
    hosts: tuple[Host, ...] = Field((), max_length=20)
    base_url: Base = "https://api.cloudflare.com/client/v4"


class VarnishTable(ProviderTable):
    """A group of Varnish instances that are purged together."""

    depth: int = Field(0, ge=0, le=9)
    instances: tuple[Base, ...] = Field(min_length=1, max_length=200)
    secret_env: Variable | None = None
    secret_file: Path | None = None
    header_bytes: int = Field(
        plans.VARNISH_HEADER_BYTES, ge=200, le=1_000_000, description="tags in one call"
    )
    timeout_s: float = Field(5.0, gt=0, le=120)

    @property
    def variable(self) -> str | None:
        """The variable of its secret: by default the one that the edges' files are made with."""
        if self.secret_env is None and self.secret_file is None:
            return VARNISH_VARIABLE
        return self.secret_env

    @field_validator("instances")
    @classmethod
    def _differ(cls, instances: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(instances)) < len(instances):
            raise ValueError("an instance is named twice")
        return instances

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("only one of secret_env and secret_file may be given")
        return self


class DryRunTable(ProviderTable):
    """Something that is only talked about: it takes every purge and does nothing."""

    depth: int = Field(0, ge=0, le=9)


class EdgeTable(Table):
    """A place to verify through. host: the Host to ask it by, when base_url is an address."""

    name: Name
    base_url: Base
    host: Host | None = None


class VerifyTable(Table):
    """How purges are verified."""

    vantage: str = Field(
        "this host", min_length=1, max_length=80, description="where the probes come from"
    )
    samples: int = Field(20, ge=1, le=1_000, description="URLs of one purge that are asked for")
    at_once: int = Field(8, ge=1, le=64, description="probes under way at one time")
    timeout_s: float = Field(10.0, gt=0, le=60, description="of one probe")


class PurgeConfiguration(Table):
    """The whole file."""

    fastly: tuple[FastlyTable, ...] = ()
    cloudflare: tuple[CloudflareTable, ...] = ()
    varnish: tuple[VarnishTable, ...] = ()
    dry_run: tuple[DryRunTable, ...] = ()
    edge: tuple[EdgeTable, ...] = ()
    verify: VerifyTable = VerifyTable()

    @property
    def providers(self) -> tuple[ProviderTable, ...]:
        """All providers, innermost first."""
        found: tuple[ProviderTable, ...] = (
            *self.varnish,
            *self.fastly,
            *self.cloudflare,
            *self.dry_run,
        )
        return tuple(sorted(found, key=lambda table: table.depth))

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for what, tables in (("providers", self.providers), ("edges", self.edge)):
            counts = Counter(table.name for table in tables)
            twice = sorted(name for name, count in counts.items() if count > 1)
            if twice:
                raise ValueError(f"two {what} are called {twice[0]}")
        return self


def read_configuration(path: Path) -> PurgeConfiguration:
    """Read the file; raises BadConfiguration that names file, table and key."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _bad(path, f"has more than {FILE_BYTES_MAX} bytes")
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, f"is not TOML: {error}") from error
    try:
        return PurgeConfiguration.model_validate(content)
    except ValidationError as error:
        raise _bad(path, "; ".join(_problems(error, content))) from error


def secret_of(
    table: ProviderTable, variable: str | None, file: Path | None, variables: Mapping[str, str]
) -> str:
    """Return a provider's secret; raises BadConfiguration that says where it was looked for."""
    if variable is not None:
        secret, place = variables.get(variable, "").strip(), f"the variable {variable}"
    else:
        assert file is not None, "a table has a variable or a file"
        place = f"the file {file}"
        try:
            with file.open("rb") as opened:
                secret = opened.read(SECRET_BYTES_MAX).decode("ascii").strip()
        except OSError as error:
            raise BadConfiguration(
                "purge.configuration", f"{table.name}: {place}: {error.strerror}"
            ) from error
        except UnicodeDecodeError as error:
            raise BadConfiguration(
                "purge.configuration", f"{table.name}: {place} is not text"
            ) from error
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        why = "holds no one word of printable characters" if secret else "is empty or not set"
        raise BadConfiguration("purge.configuration", f"{table.name}: {place} {why}")
    return secret


def _problems(error: ValidationError, content: Mapping[str, Any]) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        *place, key = problem["loc"] or ("",)
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = "is unknown here"
            if key in INLINE:
                text = "a secret is never written here: name its variable (…_env) or file (…_file)"
        yield f"{_table(content, [*place, key])}{text}"


def _table(content: Mapping[str, Any], place: Sequence[object]) -> str:
    """Return ``[[cloudflare]] shop: plan: `` for a place like cloudflare, 0, plan."""
    match place:
        case [str(kind), int(index), *keys]:
            try:
                name = str(content[kind][index]["name"])
            except (KeyError, TypeError, IndexError):
                name = f"number {index + 1}"
            start = f"[[{kind}]] {name}"
        case [str(kind), *keys] if kind:
            start = f"[{kind}]"
        case _:
            return ""
    return ": ".join([start, *(str(key) for key in keys), ""])


def _bad(path: Path, text: str) -> BadConfiguration:
    return BadConfiguration("purge.configuration", f"{path}: {text}")
