"""What both styles of the peer share: settings, the signature, the way to the messages."""

import hashlib
import hmac
import os
import re
from datetime import datetime, timezone

from sqlalchemy.engine import make_url

APP_SECRET = os.environ["APP_SECRET"].encode()
DATABASE_URL = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
POOL_SIZE = int(os.environ.get("POOL_SIZE", "16"))
SCHEMA_LOCK = 7340001  # any number: workers start together and only one may create the tables

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


def is_signed(header: str, body: bytes) -> bool:
    match = SIGNATURE.fullmatch(header)
    if match is None:
        return False
    expected = hmac.digest(APP_SECRET, body, hashlib.sha256)
    return hmac.compare_digest(expected, bytes.fromhex(match[1]))


def messages_of(envelope: dict):
    """Yield (tenant, contact's name, message) for each message; the number is the tenant."""
    for entry in envelope.get("entry", ()):
        for change in entry.get("changes", ()):
            if change.get("field") != "messages":
                continue
            value = change["value"]
            names = {c["wa_id"]: c["profile"]["name"] for c in value.get("contacts", ())}
            for message in value.get("messages", ()):
                tenant = value["metadata"]["phone_number_id"]
                yield tenant, names.get(message["from"], ""), message


def sent_at(message: dict) -> datetime:
    return datetime.fromtimestamp(int(message["timestamp"]), timezone.utc)
