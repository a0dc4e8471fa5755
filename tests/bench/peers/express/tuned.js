'use strict';

// The webhook as somebody writes it who wants every last request out of this stack: the body parsed
// by hand, and all of a message in one prepared statement, one transaction and one round trip.

const express = require('express');

const { isSigned, rowsOf } = require('./envelope');

// A known contact with a known conversation costs two looks into an index and one insert, as with
// Parley: nothing else is written. Named, so that each connection parses and plans it once.
const STORE_NAME = 'store-inbound';
const STORE = `
    with contact as (
        insert into peer_contacts (tenant, address, name) values ($1, $2, $3)
        on conflict do nothing
    ), conversation as (
        insert into peer_conversations (tenant, contact_address, last_inbound_at)
        values ($1, $2, to_timestamp($4))
        on conflict do nothing
    )
    insert into peer_inbox (tenant, channel, external_id, contact, body)
    values ($1, 'whatsapp', $5, $2, $6)
    on conflict (tenant, channel, external_id) do update set body = excluded.body`;

function storeQuery(row) {
    const values = [row.tenant, row.contact, row.name, row.sentAt, row.id, row.body];
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

function handler(pool, secret) {
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

function install(app, pool, secret) {
    app.disable('x-powered-by');
    app.disable('etag');
    const rawBody = express.raw({ type: () => true, limit: '4mb', inflate: false });
    app.post('/webhook/whatsapp', rawBody, handler(pool, secret));
}

module.exports = { install };
