"""The webhook as the documentation of FastAPI and SQLAlchemy has it, and as nearly everybody writes
it: ORM models, a session for each request from a dependency, PostgreSQL's upserts, one commit.
"""

import json

from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import JSON, Column, DateTime, Text, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

from common import DATABASE_URL, POOL_SIZE, SCHEMA_LOCK, is_signed, messages_of, sent_at

engine = create_async_engine(DATABASE_URL, pool_size=POOL_SIZE, max_overflow=0)
SessionLocal = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
Base = declarative_base()
app = FastAPI()


class Contact(Base):
    __tablename__ = "peer_contacts"

    tenant = Column(Text, primary_key=True)
    address = Column(Text, primary_key=True)
    name = Column(Text, nullable=False)


class Conversation(Base):
    __tablename__ = "peer_conversations"

    tenant = Column(Text, primary_key=True)
    contact_address = Column(Text, primary_key=True)
    last_inbound_at = Column(DateTime(timezone=True), nullable=False)


class InboxMessage(Base):
    __tablename__ = "peer_inbox"

    tenant = Column(Text, primary_key=True)
    channel = Column(Text, primary_key=True)
    external_id = Column(Text, primary_key=True)
    contact = Column(Text, nullable=False)
    body = Column(JSON, nullable=False)
    received_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())


@app.on_event("startup")
async def create_schema():
    async with engine.begin() as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})
        await connection.run_sync(Base.metadata.create_all)


async def get_session():
    async with SessionLocal() as session:
        yield session


def upsert_contact(tenant: str, name: str, message: dict):
    statement = insert(Contact).values(tenant=tenant, address=message["from"], name=name)
    return statement.on_conflict_do_update(
        index_elements=[Contact.tenant, Contact.address],
        set_={"name": statement.excluded.name},
    )


def upsert_conversation(tenant: str, message: dict):
    statement = insert(Conversation).values(
        tenant=tenant, contact_address=message["from"], last_inbound_at=sent_at(message)
    )
    latest = func.greatest(Conversation.last_inbound_at, statement.excluded.last_inbound_at)
    return statement.on_conflict_do_update(
        index_elements=[Conversation.tenant, Conversation.contact_address],
        set_={"last_inbound_at": latest},
    )


def upsert_message(tenant: str, message: dict):
    statement = insert(InboxMessage).values(
        tenant=tenant,
        channel="whatsapp",
        external_id=message["id"],
        contact=message["from"],
        body=message,
    )
    return statement.on_conflict_do_update(
        index_elements=[InboxMessage.tenant, InboxMessage.channel, InboxMessage.external_id],
        set_={"body": statement.excluded.body},
    )


async def store(session: AsyncSession, envelope: dict):
    for tenant, name, message in messages_of(envelope):
        await session.execute(upsert_contact(tenant, name, message))
        await session.execute(upsert_conversation(tenant, message))
        await session.execute(upsert_message(tenant, message))
    await session.commit()


@app.post("/webhook/whatsapp")
async def whatsapp(request: Request, session: AsyncSession = Depends(get_session)):
    body = await request.body()
    if not is_signed(request.headers.get("x-hub-signature-256", ""), body):
        raise HTTPException(status_code=401)
    try:
        await store(session, json.loads(body))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise HTTPException(status_code=400)
    except SQLAlchemyError:
        raise HTTPException(status_code=503)
    return {"status": "ok"}


@app.get("/health")
async def health():
    return {"status": "ok"}
