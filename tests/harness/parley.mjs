// A real Parley on a temporary folder and free ports: real broker, real PostgreSQL, real actors, and
// the Graph API simulator in Meta's place. Everything is stopped and removed at the end.
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
export const build = process.env.PARLEY_BUILD ?? path.join(root, 'build');
export const isSanitized = build.includes('asan');

export const secret = '5f2a0c9e7b1d4836a0f1c2d3e4b59687';
export const phoneId = '800001';
export const verifyToken = 'a-word-only-we-know';

// One that nobody listens on, below those that the kernel gives to outgoing connections.
export async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 20000);
    const server = createServer();
    const isFree = await new Promise((resolve) => server.on('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks again until it gives something true; fails with what was awaited. Under sanitizers and two cores
// things are slow, so the limits are generous: tests judge behaviour, not time.
export async function until(what, ask, limitMs = 30000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(25);
  }
}

// A program to its end; output is both streams as they came.
export function run(command, args, { env = process.env } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '', stderr = '', output = '';
  child.stdout.on('data', (chunk) => { stdout += chunk; output += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; output += chunk; });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (status, signal) => resolve({ code: status ?? signal, stdout, stderr, output })));
}

// --- the Graph API simulator -----------------------------------------------------------------------
export class Sim {
  // webhook: where statuses go, when it is told to send some (behave).
  static async start({ host = '127.0.0.1', webhook } = {}) {
    const hooks = webhook ? ['--webhook', webhook, '--secret', secret] : [];
    const child = spawn(path.join(build, 'tests/graph_sim'), ['--host', host, '--port', '0', ...hooks], { stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
        const match = /listening (http:\/\/\S+)/.exec(text);
        if (match) resolve(match[1]);
      });
      child.on('exit', (code) => reject(new Error(`graph_sim ended with ${code}: ${text}`)));
    });
    return new Sim(child, url);
  }
  constructor(child, url) {
    this.child = child;
    this.url = url;
  }
  async post(name, body) {
    const response = await fetch(`${this.url}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body ?? {}) });
    if (!response.ok) throw new Error(`sim ${name}: ${response.status} ${await response.text()}`);
    return response.json().catch(() => ({}));
  }
  behave(behaviour) {
    return this.post('behaviour', behaviour);
  }
  async ledger() {
    const response = await fetch(`${this.url}/_sim/ledger?since=0`);
    const ledger = await response.json();
    return Array.isArray(ledger) ? ledger : ledger.sends;
  }
  // What was sent to one customer, oldest first: { type, body, ... }
  async sentTo(from) {
    return (await this.ledger()).filter((row) => String(row.to).replace(/^\+/, '') === from);
  }
  waitFor(from, count, limitMs) {
    return until(`${count} replies to ${from}`, async () => {
      const sent = await this.sentTo(from);
      return sent.length >= count && sent;
    }, limitMs);
  }
  // Also when it is dead already: then no exit event comes any more.
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await gone;
  }
}

// --- webhooks --------------------------------------------------------------------------------------
export const sign = (body, key = secret) => 'sha256=' + createHmac('sha256', key).update(body).digest('hex');

let sequence = 0;
export const wamid = () => `wamid.T${process.pid}.${++sequence}.${randomBytes(4).toString('hex')}`;

export function textMessage(from, body, id = wamid()) {
  return { from, id, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body } };
}

// A tap on a row of a list, or with another kind on a button ('button_reply').
export function choice(from, id, { title = 'x', kind = 'list_reply' } = {}) {
  return { from, id: wamid(), timestamp: String(Math.floor(Date.now() / 1000)), type: 'interactive', interactive: { type: kind, [kind]: { id, title } } };
}

export function envelope(messages, { phone = phoneId, name = 'Ana', statuses } = {}) {
  const value = { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550009999', phone_number_id: phone } };
  if (messages?.length) {
    value.contacts = [...new Set(messages.map((m) => m.from))].map((from) => ({ profile: { name }, wa_id: from }));
    value.messages = messages;
  }
  if (statuses) value.statuses = statuses;
  return { object: 'whatsapp_business_account', entry: [{ id: '900001', changes: [{ field: 'messages', value }] }] };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });

// --- Parley ----------------------------------------------------------------------------------------
export class Parley {
  // options: { sim, env: {PARLEY_...: '...'}, whatsapp: false }; { cell: 'south', join: parley }: one more cell on the
  // database of another, which must outlive it
  static async start(options = {}) {
    const self = new Parley();
    self.adminPort = options.adminPort;
    self.cell = options.cell;
    self.joined = options.join;
    self.data = mkdtempSync(path.join(tmpdir(), 'parley-'));
    // PostgreSQL runs as another user when we are root and must reach its cluster.
    chmodSync(self.data, 0o711);
    const whatsapp = options.whatsapp === false ? {} : {
      VERIFY_TOKEN: verifyToken, WH_TOKEN: 'test-token', WH_PHONE_ID: phoneId, WH_APP_SECRET: secret,
      GRAPH_API_BASE: options.sim?.url ?? 'http://127.0.0.1:9',
    };
    self.env = {
      ...process.env, PARLEY_SOURCE: root, PARLEY_QUIET_WINDOW_MS: '0', PARLEY_THROUGHPUT_PER_S: '5000',
      PARLEY_SENDER_RATE_PER_S: '1000', PARLEY_SENDER_BURST: '1000', PARLEY_PAIR_INTERVAL_MS: '0', ...whatsapp, ...options.env,
    };
    await self.up();
    return self;
  }

  async up() {
    const cell = [...(this.cell ? ['--cell', this.cell] : []), ...(this.joined ? ['--join', this.joined.data] : [])];
    const { stdout } = await this.cli(['up', '--detach', ...cell, '--port', '0', '--admin-port', String(this.adminPort ?? 0)], { timeout: 120000 });
    this.port = Number(this.runFile('http.port'));
    this.url = `http://127.0.0.1:${this.port}`;
    return stdout;
  }

  runFile(name) {
    return readFileSync(path.join(this.data, 'run', name), 'utf8').trim();
  }

  // Runs build/cli/parley; rejects on a non-zero exit code unless `code` says otherwise.
  async cli(args, { code = 0, ...options } = {}) {
    const ran = await this.cliAny(args, options);
    if (ran.code !== code) throw new Error(`parley ${args.join(' ')} ended with ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    return { stdout: ran.stdout, stderr: ran.stderr };
  }

  // The same, whatever the exit code.
  async cliAny(args, { input, timeout = 60000 } = {}) {
    const child = spawn(path.join(build, 'cli/parley'), [args[0], '--data', this.data, ...args.slice(1)], { env: this.env, cwd: root });
    let stdout = '', stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    const ended = await new Promise((resolve) => child.on('close', (status, signal) => resolve(status ?? signal)));
    clearTimeout(timer);
    return { code: ended, stdout, stderr };
  }

  // Of the actors; tools come and go by themselves (harness/tools.mjs).
  async status() {
    const status = JSON.parse((await this.cli(['status', '--json'])).stdout);
    status.instances = status.instances.filter((row) => !row.service.startsWith('tool.'));
    return status;
  }

  async pidOf(service) {
    const row = (await this.status()).instances.find((r) => r.service === service && r.pid);
    return row?.pid;
  }

  brokerPid() {
    return this.childrenOf(Number(this.runFile('launcher.pid'))).find((p) => p.name.startsWith('parley-broker'))?.pid;
  }

  childrenOf(pid) {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text ? text.split(' ').map((child) => ({ pid: Number(child), name: readFileSync(`/proc/${child}/comm`, 'utf8').trim() })) : [];
  }

  // A raw POST: { status, headers, body }. Network errors come back as { status: 0 }.
  post(target, body, headers = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    return new Promise((resolve) => {
      const request = http.request(this.url + target, {
        method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': bytes.length, ...headers },
      }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
        response.on('error', () => resolve({ status: 0, headers: {}, body: '' }));
      });
      request.on('error', () => resolve({ status: 0, headers: {}, body: '' }));
      request.end(bytes);
    });
  }

  webhook(messages, options) {
    const body = JSON.stringify(envelope(messages, options));
    return this.post('/webhook/whatsapp', body, { 'x-hub-signature-256': sign(body) });
  }

  // A text of a customer, which must be accepted.
  async say(from, text) {
    const { status } = await this.webhook([textMessage(from, text)]);
    if (status !== 200) throw new Error(`'${text}' of ${from} was answered ${status}`);
  }

  // As Meta does it: the same bytes again until they are acknowledged. Returns how often it took.
  async deliver(messages, options, limitMs = 60000) {
    let tries = 0;
    await until('an acknowledged webhook', async () => {
      tries++;
      return (await this.webhook(messages, options)).status === 200;
    }, limitMs);
    return tries;
  }

  get databaseUrl() {
    return { host: this.socketFolder(), port: this.databasePort ?? 5432, user: 'postgres', database: 'parley', options: '-c search_path=parley' };
  }

  socketFolder() {
    if (this.joined) return this.joined.socketFolder();
    return path.join(this.data, 'run-pg');
  }

  async query(sql, values = []) {
    if (!this.pool) {
      this.pool = new pg.Pool({ ...this.databaseUrl, max: 2 });
      this.pool.on('error', () => {}); // PostgreSQL is restarted in some tests
    }
    return (await this.pool.query(sql, values)).rows;
  }

  // Of the customer with this address, in their order.
  turnsOf(from) {
    return this.query('select t.* from turns t join conversations c using (tenant_id, conversation_id) where c.address = $1 order by t.fence', [from]);
  }
  outboxOf(from) {
    return this.query('select o.* from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 order by o.seq', [from]);
  }

  async stop({ keep = false } = {}) {
    await this.pool?.end().catch(() => {});
    await this.cli(['down'], { timeout: 90000 });
    const reports = this.sanitizerReports();
    if (!keep) rmSync(this.data, { recursive: true, force: true });
    if (reports) throw new Error(`sanitizer report:\n${reports}`);
  }

  // What actors wrote to standard error: sanitizers and failed asserts speak there.
  sanitizerReports() {
    const log = path.join(this.data, 'log');
    if (!existsSync(log)) return '';
    return readdirText(log, '.out').filter((text) => /Sanitizer|runtime error|"event":"assert"/.test(text)).join('\n').slice(0, 8000);
  }
}

function readdirText(folder, suffix) {
  return readdirSync(folder).filter((name) => name.endsWith(suffix)).map((name) => `${name}:\n` + readFileSync(path.join(folder, name), 'utf8'));
}
