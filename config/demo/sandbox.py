"""Partners to try the API with: one of each kind, with the scopes of its kind and no more."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from config.demo.seed import City
from config.demo.server import PartnerKey
from vouchers.common.scope import scope
from vouchers.partners.models import Partner
from vouchers.partners.rules import SCOPES_OF, Kind
from vouchers.partners.services import issue_key


def make_sandbox(*, city: City, folder: Path, at: datetime, things: Mapping[str, str]) -> list[Path]:
    """Register them and write for each a file that a shell reads, which its owner alone may read.

    ``things``: what else the file names, the address of the server for one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return [_write(folder / f"{kind}.env", {**_sandbox(city, kind, at), **things}) for kind in Kind]


def register(*, city: City, kind: Kind, name: str, at: datetime) -> PartnerKey:
    """A partner with the scopes of its kind, and its first key."""
    with scope(municipalities=[city.code]):
        partner = Partner.objects.create(municipality=city.municipality, name=name, scopes=list(SCOPES_OF[kind]))
        issued = issue_key(partner=partner, at=at)
    return PartnerKey(issued.token, issued.signing_secret)


def _sandbox(city: City, kind: Kind, at: datetime) -> dict[str, str]:
    key = register(city=city, kind=kind, name=f"시험용 {kind.label}", at=at)
    return {"JANGTEO_TOKEN": key.token, "JANGTEO_SECRET": key.signing_secret}


def _write(path: Path, values: Mapping[str, str]) -> Path:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    return path
