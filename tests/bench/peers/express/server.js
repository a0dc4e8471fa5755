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
// PEER_STYLE (idiomatic or tuned), HOST.

const cluster = require('node:cluster');
const express = require('express');
const { Client, Pool } = require('pg');

const SCHEMA = `
    create table if not exists peer_contacts (
        tenant text not null, address text not null, name text not null,
        primary key (tenant, address));
    create table if not exists peer_conversations (
        tenant text not null, contact_address text not null, last_inbound_at timestamptz not null,
        primary key (tenant, contact_address));
    create table if not exists peer_inbox (
        tenant text not null, channel text not null, external_id text not null,
        contact text not null, body json not null, received_at timestamptz not null default now(),
        primary key (tenant, channel, external_id));
`;

function serve(settings) {
    const pool = new Pool({
        connectionString: settings.databaseUrl,
        max: settings.poolSize,
        idleTimeoutMillis: 0,
        application_name: 'peer-express',
    });
    pool.on('error', (error) => console.error(`idle connection lost: ${error.message}`));

    const app = express();
    const style = settings.style === 'tuned' ? require('./tuned') : require('./idiomatic');
    style.install(app, pool, settings.secret);
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
        style: process.env.PEER_STYLE ?? 'idiomatic',
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
