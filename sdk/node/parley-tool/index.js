// parley-tool: a tool of Parley in JavaScript.
//
//   const { serve, ToolError } = require("parley-tool");
//   serve(async ({ city }, call) => ({ summary: `It is sunny in ${city}.` }));
//
// Arguments have been held to the input schema of tool.yaml when the function is called; what it returns is
// the result, an object of the output schema. `call` has tenant, stepKey, conversationId, contactId,
// language, isDryRun; set call.text for a sentence to the model, call.receipt for what was committed.
// A promise that does not settle within timeout_ms ends the process. The wire: docs/plugins.md.
"use strict";
const fs = require("node:fs");
const { decode, encode } = require("@msgpack/msgpack");
const { Dealer } = require("zeromq");

const KIND = { HELLO: 1, REFUSED: 3, HELLO_AGAIN: 4, CALL: 5, REPLY: 6, ERROR: 7, CANCEL: 8, PING: 13, PONG: 14, DRAIN: 15, BYE: 16 };
const FIELDS = ["version", "kind", "class", "flags", "id", "trace", "span", "sender", "tenant", "service", "method", "key",
  "budget_ms", "attempt", "hops", "idempotency_key", "credit_messages", "credit_bytes", "err", "sequence"];
const TEXTS = new Set(["sender", "tenant", "service", "method", "key", "idempotency_key"]);
const E = { INVALID_ARGUMENT: 4005, UNKNOWN_METHOD: 4006, INTERNAL: 5001, DEADLINE: 5002, CANCELLED: 5008, FORBIDDEN: 5010 };
const BEAT_MS = 1000;
const GRACE_MS = 1000;
const CREDIT_BYTES = 8 << 20;

class ToolError extends Error {}

function packHeader(fields) {
  const all = { version: 1, trace: new Uint8Array(16), span: new Uint8Array(8), ...fields };
  return encode(FIELDS.map((name) => all[name] ?? (TEXTS.has(name) ? "" : 0)), { useBigInt64: true });
}

// Ids are 64-bit numbers: they stay what they are, a number or a BigInt.
const unpackHeader = (frame) => {
  const values = decode(frame, { useBigInt64: true });
  const header = Object.fromEntries(FIELDS.map((name, i) => [name, values[i]]));
  header.kind = Number(header.kind);
  return header;
};

const TYPES = {
  object: (v) => typeof v === "object" && v !== null && !Array.isArray(v), array: Array.isArray, string: (v) => typeof v === "string",
  integer: Number.isInteger, number: (v) => typeof v === "number", boolean: (v) => typeof v === "boolean",
};

// The first level again, for callers that did not look; undefined when it is right.
function mistakeIn(schema, args) {
  const properties = schema.properties ?? {};
  const missing = (schema.required ?? []).find((name) => !(name in args));
  if (missing !== undefined) return `arguments.${missing}: is missing`;
  for (const [name, value] of Object.entries(args)) {
    if (!Object.hasOwn(properties, name) && schema.additionalProperties === false) return `arguments.${name}: is not known`;
    const type = properties[name]?.type;
    if (typeof type === "string" && TYPES[type] && !TYPES[type](value)) return `arguments.${name}: must be of type ${type}`;
  }
  return undefined;
}

class Server {
  constructor(run, timeoutMs, card) {
    this.run = run;
    this.schema = card.input;
    this.isForStaff = card.audience === "staff";
    this.timeoutMs = timeoutMs;
    this.name = process.env.PARLEY_TOOL;
    this.socket = new Dealer({ linger: 500 });
    this.open = new Set();
    this.queue = Promise.resolve(); // a socket takes one message at a time
  }

  send(kind, fields = {}, body = undefined) {
    const frames = [packHeader({ kind, ...fields }), body === undefined ? new Uint8Array(0) : encode(body)];
    this.queue = this.queue.then(() => this.socket.send(frames)).catch(() => {});
    return this.queue;
  }

  hello() {
    const service = `tool.${this.name}`;
    this.send(KIND.HELLO, { credit_messages: 1, credit_bytes: CREDIT_BYTES }, {
      actor: service, instance: process.env.PARLEY_INSTANCE ?? service, service, methods: ["call"], version: "node-1", is_ready: true,
    });
  }

  async answer(header, body) {
    const call = {
      tenant: header.tenant, stepKey: body.step_key ?? "", conversationId: body.conversation_id ?? "",
      contactId: body.contact_id ?? "", language: body.language ?? "", isDryRun: body.is_dry_run ?? false, text: "", receipt: undefined,
      role: body.role ?? "", // "staff", or "": a customer
    };
    if (this.isForStaff && call.role !== "staff") return [KIND.ERROR, { text: "this tool is for people of the business" }, E.FORBIDDEN];
    try {
      const args = JSON.parse(body.arguments);
      const mistake = mistakeIn(this.schema, args);
      if (mistake) return [KIND.ERROR, { text: mistake }, E.INVALID_ARGUMENT];
      const result = await this.run(args, call);
      const reply = { result: JSON.stringify(result), text: call.text };
      if (call.receipt !== undefined) reply.receipt = JSON.stringify(call.receipt);
      return [KIND.REPLY, reply, 0];
    } catch (error) {
      if (error instanceof ToolError) return [KIND.REPLY, { text: error.message, is_error: true }, 0];
      console.error(error);
      return [KIND.ERROR, { text: String(error).slice(0, 200) }, E.INTERNAL];
    }
  }

  async onCall(header, body) {
    const late = setTimeout(async () => {
      console.error(`tool ${this.name}: a call ran longer than ${this.timeoutMs} ms; the process ends`);
      await this.send(KIND.ERROR, { id: header.id, err: E.DEADLINE }, { text: "the tool ran out of time" });
      process.exit(70);
    }, this.timeoutMs + GRACE_MS);
    this.open.add(header.id);
    const [kind, reply, err] = await this.answer(header, decode(body));
    clearTimeout(late);
    this.open.delete(header.id);
    this.send(kind, { id: header.id, err }, reply);
    if (this.isDraining) this.leave();
  }

  async leave() {
    this.isDraining = true;
    if (this.open.size > 0) return;
    await this.send(KIND.BYE);
    this.socket.close();
    process.exit(0);
  }

  onFrames([head, body]) {
    const header = unpackHeader(head);
    if (header.kind === KIND.CALL && header.method === "call") this.onCall(header, body);
    else if (header.kind === KIND.CALL) this.send(KIND.ERROR, { id: header.id, err: E.UNKNOWN_METHOD }, { text: "no such method" });
    else if (header.kind === KIND.HELLO_AGAIN) this.hello();
    else if (header.kind === KIND.PING) this.send(KIND.PONG, { id: header.id }, { is_ready: true });
    else if (header.kind === KIND.CANCEL && !this.open.has(header.id)) this.send(KIND.ERROR, { id: header.id, err: E.CANCELLED });
    else if (header.kind === KIND.DRAIN) this.leave();
    else if (header.kind === KIND.REFUSED) {
      console.error(`tool ${this.name}: the broker refused it (${header.err})`);
      process.exit(1);
    }
  }

  async serve() {
    process.on("SIGTERM", () => this.leave());
    this.socket.connect(process.env.PARLEY_BUS);
    this.hello();
    setInterval(() => this.send(KIND.PING, {}, { open_calls: this.open.size, is_ready: true }), BEAT_MS);
    for await (const frames of this.socket) this.onFrames(frames);
  }
}

/** Offers the function as the tool of this folder, until the broker says goodbye. */
function serve(run, { timeoutMs } = {}) {
  const card = JSON.parse(fs.readFileSync(process.env.PARLEY_TOOL_CARD, "utf8"));
  return new Server(run, timeoutMs ?? card.timeout_ms ?? 5000, card).serve();
}

module.exports = { serve, ToolError };
