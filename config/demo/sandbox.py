"""Partners to try the API with: one of each kind, with the scopes of its kind, and what its work needs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from config.demo.seed import City
from config.demo.server import PartnerKey
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.partners.models import Partner
from vouchers.partners.rules import SCOPES_OF, Kind
from vouchers.partners.services import issue_key
from vouchers.payments.models import ChannelFee, ChannelKind, OnlineChannel
from vouchers.points.models import PointProgramme, PointWitness

CHANNEL = "delivery"


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
        return _register(city, kind, name, at)[1]


def _register(city: City, kind: Kind, name: str, at: datetime) -> tuple[Partner, PartnerKey]:
    partner = Partner.objects.create(municipality=city.municipality, name=name, scopes=list(SCOPES_OF[kind]))
    issued = issue_key(partner=partner, at=at)
    return partner, PartnerKey(issued.token, issued.signing_secret)


def _sandbox(city: City, kind: Kind, at: datetime) -> dict[str, str]:
    with scope(municipalities=[city.code]):
        partner, key = _register(city, kind, f"시험용 {kind.label}", at)
        match kind:
            case Kind.CHANNEL:
                _open_channel(city, partner, at)
            case Kind.WITNESS:
                for programme in PointProgramme.objects.filter(municipality=city.municipality):
                    PointWitness.objects.create(municipality=city.municipality, programme=programme, partner=partner)
    return {"JANGTEO_TOKEN": key.token, "JANGTEO_SECRET": key.signing_secret}


def _open_channel(city: City, partner: Partner, at: datetime) -> None:
    channel = OnlineChannel.objects.create(
        municipality=city.municipality, code=CHANNEL, name="시험용 배달앱", kind=ChannelKind.DELIVERY, partner=partner
    )
    ChannelFee.objects.create(
        municipality=city.municipality, channel=channel, valid_from=business_date(at), rate=Decimal("1.50")
    )


def _write(path: Path, values: Mapping[str, str]) -> Path:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    return path
