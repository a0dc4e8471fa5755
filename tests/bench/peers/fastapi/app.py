"""Benchmark peer: a durable WhatsApp webhook with FastAPI, SQLAlchemy and asyncpg.

It does the work that Parley does before it answers a webhook: check the signature over the raw
bytes, parse the envelope, and put contact, conversation and message into PostgreSQL in one
transaction, so that a message delivered twice is stored once. 200 is sent after the commit and
never before.

Environment: DATABASE_URL (postgresql://..., a socket directory goes into ?host=), APP_SECRET,
POOL_SIZE (connections a worker process, 16 unless told), PEER_STYLE (idiomatic or tuned).
"""

import os

if os.environ.get("PEER_STYLE", "idiomatic") == "tuned":
    from tuned import app
else:
    from idiomatic import app

__all__ = ["app"]
