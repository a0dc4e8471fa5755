'use strict';

// The webhook as the documentation of Express and node-postgres has it, and as nearly everybody
// writes it: express.json, a client of the pool, BEGIN, an upsert for each table, COMMIT.

const express = require('express');

const { isSigned, rowsOf } = require('./envelope');

const CONTACT = `
    insert into peer_contacts (tenant, address, name) values ($1, $2, $3)
    on conflict (tenant, address) do update set name = excluded.name`;

const CONVERSATION = `
    insert into peer_conversations as known (tenant, contact_address, last_inbound_at)
    values ($1, $2, to_timestamp($3))
    on conflict (tenant, contact_address) do update
    set last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at)`;

const MESSAGE = `
    insert into peer_inbox (tenant, channel, external_id, contact, body)
    values ($1, 'whatsapp', $2, $3, $4)
    on conflict (tenant, channel, external_id) do update set body = excluded.body`;

async function store(pool, rows) {
    const client = await pool.connect();
    try {
        await client.query('BEGIN');
        for (const row of rows) {
            await client.query(CONTACT, [row.tenant, row.contact, row.name]);
            await client.query(CONVERSATION, [row.tenant, row.contact, row.sentAt]);
            await client.query(MESSAGE, [row.tenant, row.id, row.contact, row.body]);
        }
        await client.query('COMMIT');
    } catch (error) {
        await client.query('ROLLBACK');
        throw error;
    } finally {
        client.release();
    }
}

function install(app, pool, secret) {
    const keepRaw = (request, response, raw) => {
        request.rawBody = raw;
    };
    app.post('/webhook/whatsapp', express.json({ verify: keepRaw }), async (request, response) => {
        const header = request.get('x-hub-signature-256');
        if (!request.rawBody || !isSigned(secret, header, request.rawBody)) {
            return response.sendStatus(401);
        }
        let rows;
        try {
            rows = rowsOf(request.body);
        } catch {
            return response.sendStatus(400);
        }
        try {
            await store(pool, rows);
        } catch {
            return response.sendStatus(503);
        }
        return response.sendStatus(200);
    });
}

module.exports = { install };
