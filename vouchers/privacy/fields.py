"""Model fields for values that the database must not be able to read: resident numbers, account numbers.

``EncryptedTextField`` stores an envelope, ``BlindIndexField`` a keyed fingerprint by which the value is found::

    account_number = EncryptedTextField("계좌번호", null=True, blank=True)
    account_number_index = BlindIndexField(null=True)  # of account_number, by its name

    Merchant.objects.filter(account_number_index="110-123-456789")

Keys come from ``settings.FIELD_KEYS`` ("1:base64,2:base64") and ``settings.INDEX_KEY`` ("base64"), read
when first needed. Rows written around the ORM (COPY) take their bytes from ``seal()`` and ``index_of()``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from vouchers.privacy.crypto import INDEX_BYTES, KeyRing, KeysUnusable
from vouchers.privacy.rules import HIDDEN


def key_ring() -> KeyRing:
    """The ring of this installation. Raises ImproperlyConfigured while it has no usable keys."""
    return _ring(getattr(settings, "FIELD_KEYS", ""), getattr(settings, "INDEX_KEY", ""))


@lru_cache(maxsize=4)
def _ring(keys: str, index_key: str) -> KeyRing:
    try:
        return KeyRing.parse(keys=keys, index_key=index_key)
    except KeysUnusable as error:
        raise ImproperlyConfigured(f"FIELD_KEYS, INDEX_KEY: {error}") from error


class Secret:
    """A text that shows itself only when asked by ``reveal()``; in templates, logs and exports it is ***.

    From the database it is opened at the first ``reveal()``, which raises `SealBroken` when it cannot be. It refuses
    to be pickled, so that it cannot reach a cache or a queue.
    """

    __slots__ = ("_context", "_envelope", "_text")

    def __init__(self, text: str = "", *, envelope: bytes = b"", context: str = "") -> None:
        self._text = text
        self._envelope = envelope
        self._context = context

    def reveal(self) -> str:
        """The plain text: show it only to somebody who gave a reason that was recorded."""
        if self._envelope:
            self._text = key_ring().open(self._envelope, context=self._context).decode()
            self._envelope = b""
        return self._text

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"<Secret {HIDDEN}>"

    def __eq__(self, other: object) -> bool:
        return self.reveal() == other.reveal() if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class SecretAttribute(DeferredAttribute):
    """Wraps whatever is assigned, so that a plain text never stays in the instance's ``__dict__``."""

    def __set__(self, instance: models.Model, value: Secret | str | None) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class SecretFormField(forms.CharField):
    """Takes a new value and never shows the stored one; left empty, the stored one stays."""

    def prepare_value(self, value: Any) -> str:
        """What was typed comes back after an error, what is stored does not."""
        return value if isinstance(value, str) else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Only something typed is a change."""
        return bool(data)


if TYPE_CHECKING:
    _Field = models.Field[Secret | str | None, Secret | None]
else:
    _Field = models.Field


class EncryptedTextField(_Field):
    """Text in an AES-256-GCM envelope bound to its table and column; empty text is stored as NULL.

    The attribute is a `Secret` or None. It can be searched by ``isnull`` alone. Whoever renames the table or the
    column gives the old ``table.column`` as ``context``, or what is stored no longer opens.
    """

    descriptor_class = SecretAttribute

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.explicit_context = context
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        """What the envelope is bound to."""
        return self.explicit_context or f"{self.model._meta.db_table}.{self.column}"

    def seal(self, value: Secret | str | None) -> bytes | None:
        """The bytes to store, for rows that COPY or SQL writes."""
        secret = self.to_python(value)
        return key_ring().seal(secret.reveal().encode(), context=self.context) if secret else None

    def get_internal_type(self) -> str:
        return "BinaryField"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.explicit_context:
            kwargs["context"] = self.explicit_context
        return name, path, args, kwargs

    def to_python(self, value: Any) -> Secret | None:
        """Raises TypeError for anything but text: bytes would be an envelope or a mistake."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return Secret(value)
        if isinstance(value, Secret):
            return value
        raise TypeError(f"{self.name} takes text, not {type(value).__name__}")

    def from_db_value(self, value: Any, *_: Any) -> Secret | None:
        return None if value is None else Secret(envelope=bytes(value), context=self.context)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        envelope = self.seal(value)
        return None if envelope is None else connection.Database.Binary(envelope)

    def get_lookup(self, lookup_name: str) -> Any:
        """None, which Django reports as an unsupported lookup, for everything but isnull."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def run_validators(self, value: Any) -> None:
        super().run_validators(value.reveal() if isinstance(value, Secret) else value)

    def value_to_string(self, obj: models.Model) -> NoReturn:
        """Serialised data would be plain text or useless."""
        raise TypeError("encrypted values are not serialised; back up the database instead")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": SecretFormField, **kwargs})

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """An empty form field leaves the stored value, because the form never showed it."""
        if data:
            setattr(instance, self.name, data)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        if self.primary_key or self.unique or getattr(self, "db_index", False):
            errors.append(
                checks.Error(
                    "An encrypted value differs at every writing: put the key or index on a BlindIndexField.",
                    obj=self,
                    id="privacy.E001",
                )
            )
        return errors


class BlindIndexField(models.BinaryField):
    """The keyed fingerprint of another field of the row, computed at every save and indexed.

    ``source`` is that field, by default this field's name without ``_index``. Fields of one ``purpose``, by default
    the source's name, can be compared and joined with each other. Text given to ``exact`` and ``in`` is turned into
    its fingerprint. ``QuerySet.update`` and COPY do not compute it: they take it from ``index_of()``.
    """

    def __init__(self, *args: Any, source: str = "", purpose: str = "", **kwargs: Any) -> None:
        self.source = source
        self.purpose = purpose
        kwargs.setdefault("db_index", True)
        super().__init__(*args, **{**kwargs, "max_length": INDEX_BYTES})

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        self.source = self.source or name.removesuffix("_index")
        self.purpose = self.purpose or self.source

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length")
        if not kwargs.pop("db_index", False):
            kwargs["db_index"] = False
        return name, path, args, {**kwargs, "source": self.source, "purpose": self.purpose}

    def index_of(self, value: Secret | str | None) -> bytes | None:
        """The fingerprint of a value; None of none. Raises ValueError for text without a letter or digit."""
        text = value.reveal() if isinstance(value, Secret) else value
        return key_ring().blind_index(text, purpose=self.purpose) if text else None

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        index = self.index_of(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, index)
        return index

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(self.index_of(value) if isinstance(value, (str, Secret)) else value)

    def get_lookup(self, lookup_name: str) -> Any:
        """A fingerprint has no order and no parts."""
        return super().get_lookup(lookup_name) if lookup_name in {"exact", "in", "isnull"} else None


class KeyedHashField(BlindIndexField):
    """The keyed fingerprint of a value that is itself stored nowhere (연계정보 CI); set it to ``index_of(value)``."""

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, purpose=purpose, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("source")
        return name, path, args, kwargs

    def index_of(self, value: Secret | str | None) -> bytes | None:
        """The fingerprint of a value; None of none. Every character counts, for base64 tells capitals apart."""
        text = value.reveal() if isinstance(value, Secret) else value
        return super().index_of(hashlib.sha256(text.encode()).hexdigest()) if text else None

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        """What was set: there is nothing to compute it from."""
        index: bytes | None = getattr(model_instance, self.attname)
        return index
