"""The webhook as somebody writes it who wants every last request out of this stack: no ORM, no
dependency, and all of a message in one statement, one transaction and one round trip.
"""

import json
from operator import itemgetter

from fastapi import FastAPI, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from common import DATABASE_URL, POOL_SIZE, SCHEMA_LOCK, is_signed, messages_of, sent_at

SCHEMA = (
    """
    create table if not exists peer_contacts (
        tenant text not null, address text not null, name text not null,
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
        contact text not null, body json not null, received_at timestamptz not null default now(),
        primary key (tenant, channel, external_id))
    """,
)

# A known contact with a known conversation costs two looks into an index and one insert, as with
# Parley: nothing else is written.
STORE = text(
    """
    with contact as (
        insert into peer_contacts (tenant, address, name) values (:tenant, :contact, :name)
        on conflict do nothing
    ), conversation as (
        insert into peer_conversations (tenant, contact_address, last_inbound_at)
        values (:tenant, :contact, :sent_at)
        on conflict do nothing
    )
    insert into peer_inbox (tenant, channel, external_id, contact, body)
    values (:tenant, 'whatsapp', :external_id, :contact, :body)
    on conflict (tenant, channel, external_id) do update set body = excluded.body
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


def rows_of(envelope: dict) -> list:
    """The parameters of STORE, one dict a message, in an order that is the same for all requests,
    so that no two of them lock the same rows crosswise."""
    rows = [
        {
            "tenant": tenant,
            "contact": message["from"],
            "name": name,
            "external_id": message["id"],
            "sent_at": sent_at(message),
            "body": json.dumps(message),
        }
        for tenant, name, message in messages_of(envelope)
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
