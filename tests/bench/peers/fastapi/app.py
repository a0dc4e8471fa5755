"""Benchmark peer: a durable WhatsApp webhook with FastAPI, SQLAlchemy and asyncpg.

It does the work that Parley does before it answers a webhook: check the signature over the raw
bytes, parse the envelope, and put contact, conversation and message into PostgreSQL in one
transaction, so that a message delivered twice is stored once. 200 is sent after the commit and
never before.

Environment: DATABASE_URL (postgresql://..., a socket directory goes into ?host=), APP_SECRET,
POOL_SIZE (connections a worker process, 16 unless told).
"""

import hashlib
import hmac
import json
import os
import re
from datetime import datetime, timezone
from operator import itemgetter

from fastapi import FastAPI, Request, Response
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

APP_SECRET = os.environ["APP_SECRET"].encode()
DATABASE_URL = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
POOL_SIZE = int(os.environ.get("POOL_SIZE", "16"))

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
SCHEMA_LOCK = 7340001  # any number: workers start together and only one may create the tables

SCHEMA = (
    """
    create table if not exists peer_contacts (
        tenant text not null, address text not null,
        primary key (tenant, address))
    """,
    """
    create table if not exists peer_conversations (
        tenant text not null, contact_address text not null, last_inbound_at timestamptz not null,
        primary key (tenant, contact_address))
    """,
    """
    create table if not exists peer_inbox (
        tenant text not null, channel text not null, external_id text not null,
        contact text not null, body jsonb not null, received_at timestamptz not null default now(),
        primary key (tenant, channel, external_id))
    """,
)

# One message is one statement, and so one transaction and one round trip. PostgreSQL runs the main
# part first: the conversation's row is the lock that all requests of a contact take before others.
STORE = text(
    """
    with contact as (
        insert into peer_contacts (tenant, address) values (:tenant, :contact)
        on conflict do nothing
    ), inbox as (
        insert into peer_inbox (tenant, channel, external_id, contact, body)
        values (:tenant, 'whatsapp', :external_id, :contact, :body)
        on conflict (tenant, channel, external_id) do update set body = excluded.body
    )
    insert into peer_conversations as known (tenant, contact_address, last_inbound_at)
    values (:tenant, :contact, :sent_at)
    on conflict (tenant, contact_address) do update
    set last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at)
    """
)

engine = create_async_engine(
    DATABASE_URL,
    pool_size=POOL_SIZE,
    max_overflow=0,
    isolation_level="AUTOCOMMIT",
    # Without JIT: asyncpg asks the catalog for types on each new connection, and compiling that
    # query takes far longer than running it.
    connect_args={"server_settings": {"application_name": "peer-fastapi", "jit": "off"}},
)
app = FastAPI(openapi_url=None)


@app.on_event("startup")
async def create_schema() -> None:
    # An engine of its own: SQLAlchemy 1.4 gives a connection whose isolation level was changed
    # back to its pool without AUTOCOMMIT, and what is stored with it later is rolled back unseen.
    schema_engine = create_async_engine(DATABASE_URL, poolclass=NullPool)
    async with schema_engine.begin() as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})
        for statement in SCHEMA:
            await connection.execute(text(statement))
    await schema_engine.dispose()


@app.on_event("shutdown")
async def close_pool() -> None:
    await engine.dispose()


def is_signed(header: str, body: bytes) -> bool:
    match = SIGNATURE.fullmatch(header)
    if match is None:
        return False
    expected = hmac.digest(APP_SECRET, body, hashlib.sha256)
    return hmac.compare_digest(expected, bytes.fromhex(match[1]))


def messages_of(envelope: dict):
    """Yield (tenant, message) for each message of an envelope; the number is the tenant."""
    for entry in envelope.get("entry", ()):
        for change in entry.get("changes", ()):
            if change.get("field") != "messages":
                continue
            value = change["value"]
            for message in value.get("messages", ()):
                yield value["metadata"]["phone_number_id"], message


def rows_of(envelope: dict) -> list:
    """The parameters of STORE, one dict a message, in an order that is the same for all requests,
    so that no two of them lock the same rows crosswise."""
    rows = [
        {
            "tenant": tenant,
            "contact": message.get("from") or message["from_user_id"],
            "external_id": message["id"],
            "sent_at": datetime.fromtimestamp(int(message["timestamp"]), timezone.utc),
            "body": json.dumps(message),
        }
        for tenant, message in messages_of(envelope)
    ]
    rows.sort(key=itemgetter("tenant", "contact", "external_id"))
    return rows


@app.post("/webhook/whatsapp")
async def whatsapp(request: Request) -> Response:
    body = await request.body()
    if not is_signed(request.headers.get("x-hub-signature-256", ""), body):
        return Response(status_code=401)
    try:
        rows = rows_of(json.loads(body))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Response(status_code=400)
    if rows:
        try:
            async with engine.connect() as connection:
                # Of several rows asyncpg makes one implicit transaction: all are stored, or none.
                await connection.execute(STORE, rows)
        except DBAPIError:
            return Response(status_code=503)
    return Response(status_code=200)


@app.get("/health")
async def health() -> Response:
    return Response(status_code=200)
