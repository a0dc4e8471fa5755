'use strict';

// Benchmark peer: a durable WhatsApp webhook with Express and node-postgres.
//
// It does the work that Parley does before it answers a webhook: check the signature over the raw
// bytes, parse the envelope, and put contact, conversation and message into PostgreSQL in one
// transaction, so that a message delivered twice is stored once. 200 is sent after the commit and
// never before.
//
// Environment: PORT, DATABASE_URL (postgresql://..., a socket directory goes into ?host=),
// APP_SECRET, WORKERS (processes, 1 unless told), POOL_SIZE (connections a worker, 16 unless told),
// HOST.

const cluster = require('node:cluster');
const crypto = require('node:crypto');
const express = require('express');
const { Client, Pool } = require('pg');

const SCHEMA = `
    create table if not exists peer_contacts (
        tenant text not null, address text not null,
        primary key (tenant, address));
    create table if not exists peer_conversations (
        tenant text not null, contact_address text not null, last_inbound_at timestamptz not null,
        primary key (tenant, contact_address));
    create table if not exists peer_inbox (
        tenant text not null, channel text not null, external_id text not null,
        contact text not null, body jsonb not null, received_at timestamptz not null default now(),
        primary key (tenant, channel, external_id));
`;

// One message is one statement, and so one transaction and one round trip; named, so that each
// connection parses and plans it once. PostgreSQL runs the main part first: the conversation's row
// is the lock that all requests of a contact take before others.
const STORE_NAME = 'store-inbound';
const STORE = `
    with contact as (
        insert into peer_contacts (tenant, address) values ($1, $2)
        on conflict do nothing
    ), inbox as (
        insert into peer_inbox (tenant, channel, external_id, contact, body)
        values ($1, 'whatsapp', $4, $2, $5)
        on conflict (tenant, channel, external_id) do update set body = excluded.body
    )
    insert into peer_conversations as known (tenant, contact_address, last_inbound_at)
    values ($1, $2, to_timestamp($3))
    on conflict (tenant, contact_address) do update
    set last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at)
`;

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

function isSigned(secret, header, body) {
    const match = SIGNATURE.exec(header ?? '');
    if (match === null) {
        return false;
    }
    const expected = crypto.createHmac('sha256', secret).update(body).digest();
    return crypto.timingSafeEqual(expected, Buffer.from(match[1], 'hex'));
}

// Yields [tenant, message] for each message of a Cloud API envelope; the number is the tenant.
function* messagesOf(envelope) {
    for (const entry of envelope.entry ?? []) {
        for (const change of entry.changes ?? []) {
            if (change.field !== 'messages') {
                continue;
            }
            for (const message of change.value.messages ?? []) {
                yield [change.value.metadata.phone_number_id, message];
            }
        }
    }
}

function mustBeText(value) {
    if (typeof value !== 'string' || value === '') {
        throw new TypeError('a required field is not a text');
    }
    return value;
}

function rowOf(number, message) {
    const sentAt = Number.parseInt(mustBeText(message.timestamp), 10);
    if (!Number.isFinite(sentAt)) {
        throw new TypeError('timestamp is not a number');
    }
    return {
        tenant: mustBeText(number),
        contact: mustBeText(message.from ?? message.from_user_id),
        sentAt,
        id: mustBeText(message.id),
        body: JSON.stringify(message),
    };
}

// In an order that is the same for all requests, so that no two lock the same rows crosswise.
function rowsOf(envelope) {
    const rows = [];
    for (const [number, message] of messagesOf(envelope)) {
        rows.push(rowOf(number, message));
    }
    if (rows.length > 1) {
        const keyOf = (row) => `${row.tenant}\n${row.contact}\n${row.id}`;
        rows.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    }
    return rows;
}

function storeQuery(row) {
    const values = [row.tenant, row.contact, row.sentAt, row.id, row.body];
    return { name: STORE_NAME, text: STORE, values };
}

async function storeBatch(pool, rows) {
    const client = await pool.connect();
    try {
        await client.query('begin');
        for (const row of rows) {
            await client.query(storeQuery(row));
        }
        await client.query('commit');
        client.release();
    } catch (error) {
        client.release(error); // closes the connection, which rolls back
        throw error;
    }
}

async function store(pool, rows) {
    if (rows.length === 1) {
        await pool.query(storeQuery(rows[0]));
    } else if (rows.length > 1) {
        await storeBatch(pool, rows);
    }
}

function webhookHandler(pool, secret) {
    return async (request, response) => {
        const body = request.body ?? Buffer.alloc(0);
        if (!isSigned(secret, request.get('x-hub-signature-256'), body)) {
            return response.sendStatus(401);
        }
        let rows;
        try {
            rows = rowsOf(JSON.parse(body.toString('utf8')));
        } catch {
            return response.sendStatus(400);
        }
        try {
            await store(pool, rows);
        } catch {
            return response.sendStatus(503);
        }
        return response.sendStatus(200);
    };
}

function serve(settings) {
    const pool = new Pool({
        connectionString: settings.databaseUrl,
        max: settings.poolSize,
        idleTimeoutMillis: 0,
        application_name: 'peer-express',
    });
    pool.on('error', (error) => console.error(`idle connection lost: ${error.message}`));

    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    const rawBody = express.raw({ type: () => true, limit: '4mb', inflate: false });
    app.post('/webhook/whatsapp', rawBody, webhookHandler(pool, settings.secret));
    app.get('/health', (request, response) => response.sendStatus(200));

    const server = app.listen(settings.port, settings.host, (error) => {
        if (error) {
            throw error;
        }
    });
    server.keepAliveTimeout = 75_000;

    const stop = () => {
        server.close(async () => {
            await pool.end();
            process.disconnect?.(); // a worker of a cluster lives as long as its channel
        });
        server.closeIdleConnections();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
}

async function createSchema(databaseUrl) {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(SCHEMA);
    await client.end();
}

function superviseWorkers(count) {
    let isStopping = false;
    const stop = () => {
        isStopping = true;
        for (const worker of Object.values(cluster.workers)) {
            worker.process.kill('SIGTERM');
        }
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    cluster.on('exit', (worker, code) => {
        if (!isStopping) {
            console.error(`worker ${worker.process.pid} left with code ${code}`);
            process.exitCode = 1;
            stop();
        }
    });
    for (let i = 0; i < count; i++) {
        cluster.fork();
    }
}

function required(name) {
    const value = process.env[name];
    if (!value) {
        throw new Error(`${name} is not set`);
    }
    return value;
}

async function main() {
    const settings = {
        host: process.env.HOST ?? '127.0.0.1',
        port: Number(required('PORT')),
        databaseUrl: required('DATABASE_URL'),
        secret: required('APP_SECRET'),
        workers: Number(process.env.WORKERS ?? 1),
        poolSize: Number(process.env.POOL_SIZE ?? 16),
    };
    if (cluster.isWorker) {
        return serve(settings);
    }
    await createSchema(settings.databaseUrl);
    if (settings.workers === 1) {
        return serve(settings);
    }
    return superviseWorkers(settings.workers);
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
