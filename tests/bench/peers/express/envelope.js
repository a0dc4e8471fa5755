'use strict';

// What both styles of the peer share: the signature, and the way to the messages.

const crypto = require('node:crypto');

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

function isSigned(secret, header, body) {
    const match = SIGNATURE.exec(header ?? '');
    if (match === null) {
        return false;
    }
    const expected = crypto.createHmac('sha256', secret).update(body).digest();
    return crypto.timingSafeEqual(expected, Buffer.from(match[1], 'hex'));
}

function mustBeText(value) {
    if (typeof value !== 'string' || value === '') {
        throw new TypeError('a required field is not a text');
    }
    return value;
}

function rowOf(value, message) {
    const sentAt = Number.parseInt(mustBeText(message.timestamp), 10);
    if (!Number.isFinite(sentAt)) {
        throw new TypeError('timestamp is not a number');
    }
    const contact = mustBeText(message.from);
    const card = value.contacts?.find((candidate) => candidate.wa_id === contact);
    return {
        tenant: mustBeText(value.metadata.phone_number_id), // the number is the tenant
        contact,
        name: card?.profile?.name ?? '',
        sentAt,
        id: mustBeText(message.id),
        body: JSON.stringify(message),
    };
}

// A row for each message of a Cloud API envelope, in an order that is the same for all requests, so
// that no two lock the same rows crosswise.
function rowsOf(envelope) {
    const rows = [];
    for (const entry of envelope.entry ?? []) {
        for (const change of entry.changes ?? []) {
            const messages = change.field === 'messages' ? (change.value.messages ?? []) : [];
            rows.push(...messages.map((message) => rowOf(change.value, message)));
        }
    }
    const keyOf = (row) => `${row.tenant}\n${row.contact}\n${row.id}`;
    return rows.length > 1 ? rows.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) : rows;
}

module.exports = { isSigned, rowsOf };
