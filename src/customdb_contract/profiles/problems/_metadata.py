"""What can be wrong with `user_metadata` and `app_metadata`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract.profiles._limits import RESERVED_APP_METADATA, ROOT_PROFILE_NAMES, metadata_key_problems
from customdb_contract.profiles.problems._problem import Circumstances, Problem
from customdb_contract.profiles.problems._values import CUT, kind_of, not_json, user_id_of, walk, without_secrets
from customdb_contract.severity import Severity

__all__ = [
    "access_in_user_metadata",
    "dynamic_metadata_keys",
    "invalid_metadata_key",
    "legacy_metadata_name",
    "metadata_not_json",
    "metadata_shadows_profile",
    "reserved_app_metadata",
]

_KINDS: Final = ("user_metadata", "app_metadata")
_SHADOWING: Final = ROOT_PROFILE_NAMES - RESERVED_APP_METADATA
_ACCESS_NAMES: Final = frozenset(
    {"role", "roles", "permission", "permissions", "admin", "isadmin", "scope", "scopes", "plan", "entitlements"}
)
_GENERATED_KEY: Final = re.compile(
    r"[0-9]{3,}|[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
)


def _metadata(profile: Mapping[str, object], *kinds: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each metadata object, with its name."""
    for kind in kinds:
        value = profile.get(kind)
        if isinstance(value, Mapping):
            yield kind, cast("Mapping[str, object]", value)


def _below(kind: str, names: Sequence[str]) -> str:
    """Return the paths of the given names inside one metadata object."""
    return ", ".join(f"{kind}.{name}" for name in names)


def reserved_app_metadata(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether `app_metadata` has names that Auth0 reserves."""
    for kind, metadata in _metadata(profile, "app_metadata"):
        names = sorted(RESERVED_APP_METADATA.intersection(metadata))
        if not names:
            yield None
            continue
        yield Problem(
            rule="reserved-app-metadata",
            path=_below(kind, names),
            problem="must be renamed: Auth0 reserves such names",
            severity=Severity.ERROR,
            returned=f"{kind} with the reserved {', '.join(names)}",
        )


def invalid_metadata_key(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether names inside metadata contain `.` or `$`; the first one is reported."""
    for kind, metadata in _metadata(profile, *_KINDS):
        first = next(metadata_key_problems(metadata, kind), None)
        if first is None:
            yield None
            continue
        path = without_secrets(first)
        yield Problem(
            rule="invalid-metadata-key",
            path=path,
            problem="must not have . or $ in a name",
            severity=Severity.ERROR,
            returned=f"the metadata field {path}; names must not contain . or $",
        )


def metadata_not_json(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether metadata is an object of JSON values; the first value that is not is reported."""
    for kind in _KINDS:
        metadata = profile.get(kind)
        if metadata is None:
            continue
        if not isinstance(metadata, Mapping):
            got = kind_of(metadata)
            problem = f"is {got} instead of an object"
            yield Problem(
                rule="metadata-not-json",
                path=kind,
                problem=problem,
                severity=Severity.ERROR,
                expected="an object",
                got=got,
                returned=f"{kind} that {problem}",
            )
            continue
        values = ((path, not_json(value)) for path, _, value in walk(kind, cast("object", metadata)))
        special = [(path, value.kind) for path, value in values if value is not None]
        odd = next(((path, kind) for path, kind in special if kind not in CUT), None)
        if odd is not None:
            path, type_ = without_secrets(odd[0]), odd[1]
            problem = f"of the type {type_}, which JSON does not have"
            yield Problem(
                rule="metadata-not-json",
                path=path,
                problem=f"is {problem}",
                severity=Severity.WARNING,
                got=type_,
                returned=f"{path} {problem}",
            )
        elif not special:
            yield None


def legacy_metadata_name(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there is metadata under a former name."""
    if not isinstance(profile.get("metadata"), Mapping):
        yield None
        return
    yield Problem(
        rule="legacy-metadata-name",
        path="metadata",
        problem="must be renamed to app_metadata or user_metadata",
        severity=Severity.WARNING,
        returned="metadata at the root; the name is app_metadata or user_metadata",
    )


def metadata_shadows_profile(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether `app_metadata` has the names of profile attributes."""
    for kind, metadata in _metadata(profile, "app_metadata"):
        names = sorted(_SHADOWING.intersection(metadata))
        if not names:
            yield None
            continue
        yield Problem(
            rule="metadata-shadows-profile",
            path=_below(kind, names),
            problem="may override the profile's own",
            severity=Severity.WARNING,
            returned=f"{kind} with {', '.join(names)}, which may override the profile's own",
        )


def dynamic_metadata_keys(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether names inside metadata are ids, identifiers or dates; the first one is reported."""
    user_id, owner = user_id_of(profile), circumstances.owner
    own = () if owner is None else owner.identifiers
    for kind, metadata in _metadata(profile, *_KINDS):
        dynamic = next(
            (
                (path, key)
                for path, key, _ in walk(kind, metadata)
                if key == user_id or key in own or _GENERATED_KEY.fullmatch(key.lower())
            ),
            None,
        )
        if dynamic is None:
            yield None
            continue
        path, key = dynamic
        yield Problem(
            rule="dynamic-metadata-keys",
            path=without_secrets(f"{path.removesuffix(key)}*"),
            problem="has an id, an e-mail or a date for a name; make it a value",
            severity=Severity.INFO,
            got=without_secrets(path),
            returned="metadata with the name {got}; make the id or date a value",
        )


def access_in_user_metadata(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether `user_metadata` states what a user is allowed to do."""
    for kind, metadata in _metadata(profile, "user_metadata"):
        names = sorted(name for name in metadata if name.lower().replace("_", "") in _ACCESS_NAMES)
        if not names:
            yield None
            continue
        yield Problem(
            rule="access-in-user-metadata",
            path=_below(kind, names),
            problem="can be edited by the users themselves",
            severity=Severity.WARNING,
            returned=f"{kind} with {', '.join(names)}, which users can edit themselves",
        )
