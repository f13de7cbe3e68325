"""How much may be asked: a number of requests a minute for each partner, and few wrong keys from each address.

No request may touch a row that all requests of a partner share. So each process leases requests of the minute in
portions from the database (`partners.lease`) and lets them pass under a lock of its own. What all processes and threads
let pass in a minute is the partner's limit at most; a lease ends with its minute, and what was not used is lost.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

from vouchers.common.problems import TooManyRequests
from vouchers.partners import services
from vouchers.partners.selectors import Credential
from vouchers.partners.services import Lease

LOOK_AGAIN_SECONDS: Final = 1.0
"""A partner whose minute is used up is looked up again this often, because an official may have raised its limit."""
WRONG_KEYS: Final = 120
"""Wrong keys that an address may send to one process in a minute. A secret has 256 bits, so this spares the database."""
ADDRESSES: Final = 4096
_WINDOW: Final = 60.0


class Quota(NamedTuple):
    """Where a partner stands: ``left`` of its ``limit`` requests for the next ``seconds``, as far as this process knows."""

    limit: int
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes them."""
        return {
            "RateLimit-Policy": f'"minute";q={self.limit};w=60', "RateLimit": f'"minute";r={self.left};t={self.seconds}',
        }  # fmt: skip


class _Portion:
    """What this process has of a partner's minute. Used under its lock alone."""

    __slots__ = ("lock", "look_again", "quota", "tokens", "unleased", "until")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tokens = self.quota = self.unleased = 0
        self.until = self.look_again = 0.0

    def take(self, lease: Callable[[], Lease], clock: Callable[[], float]) -> Quota:
        """Let one request pass, or raise TooManyRequests."""
        now = clock()
        while now >= self.until or (not self.tokens and now >= self.look_again):
            # Reckoned from before the question, so that the lease never outlives its minute.
            found = lease()
            self.tokens, self.quota, self.unleased = found.granted, found.quota, found.unleased
            self.until = now + found.seconds
            self.look_again = 0.0 if found.granted else now + LOOK_AGAIN_SECONDS
            now = clock()
            if not self.tokens:
                break
        seconds = max(1, math.ceil(self.until - now))
        if not self.tokens:
            raise TooManyRequests(headers={"Retry-After": str(seconds), **Quota(self.quota, 0, seconds).headers()})
        self.tokens -= 1
        return Quota(self.quota, self.tokens + self.unleased, seconds)


class Limiter:
    """The portions of this process, by partner."""

    def __init__(
        self,
        *,
        lease: Callable[[Credential], Lease] = lambda credential: services.lease(credential=credential),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._portions: dict[UUID, _Portion] = {}

    def spend(self, credential: Credential) -> Quota:
        """Let one request of the partner pass. Raises TooManyRequests."""
        partner = credential.caller.partner
        portion = self._portions.get(partner) or self._portions.setdefault(partner, _Portion())
        with portion.lock:
            return portion.take(lambda: self._lease(credential), self._clock)

    def forget(self) -> None:
        """Lease anew."""
        self._portions.clear()


class Strangers:
    """Addresses that sent wrong keys lately; the longest unseen is forgotten when there are too many."""

    def __init__(self, *, limit: int = WRONG_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """One more wrong key from there, or one that may be; raises TooManyRequests when there were enough."""
        place, now = _place(address), self._clock()
        with self._lock:
            until, wrong = self._seen.pop(place, (0.0, 0))
            if now >= until:
                until, wrong = now + _WINDOW, 0
            self._seen[place] = (until, min(wrong + 1, self._limit))
            if len(self._seen) > ADDRESSES:
                self._seen.popitem(last=False)
        if wrong >= self._limit:
            raise TooManyRequests(headers={"Retry-After": str(max(1, math.ceil(until - now)))})

    def forgive(self, address: str) -> None:
        """The key was right after all."""
        place = _place(address)
        with self._lock:
            if place in self._seen:
                until, wrong = self._seen[place]
                self._seen[place] = (until, max(0, wrong - 1))

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()


def _place(address: str) -> str:
    """The address; of IPv6 the /64, all of which belongs to one subscriber."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return ""
