// The format of the journals of turns, as the protocol says it: which number it has, and a fingerprint of every message
// that a recorded turn is made of.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { root } from '../harness/parley.mjs';

export const folder = path.join(root, 'tests/golden/journals');
// What an exported turn, its journal, what it was given and what it had read begin with.
const ROOTS = ['ReplayRequest', 'TurnJournal', 'TurnBeginReply', 'ListTurnStepsReply'];

export const setFolder = (format) => path.join(folder, String(format));
export const readSet = (format) => JSON.parse(readFileSync(path.join(setFolder(format), 'set.json'), 'utf8'));
export const turnsFile = (format) => path.join(setFolder(format), 'turns.jsonl');
export const formats = () => (existsSync(folder) ? readdirSync(folder).map(Number).sort((a, b) => a - b) : []);

export function currentFormat() {
  const header = readFileSync(path.join(root, 'services/session/turn_steps.h'), 'utf8');
  return Number(/#define TURN_JOURNAL_FORMAT (\d+)/.exec(header)[1]);
}

export function readProtocol() {
  const files = readdirSync(path.join(root, 'proto')).filter((name) => name.endsWith('.proto'));
  return files.map((name) => readFileSync(path.join(root, 'proto', name), 'utf8')).join('\n');
}

// name -> its fields, without comments and in one way of writing.
function messagesOf(protocol) {
  const text = protocol.replace(/\/\/.*$/gm, '');
  return new Map([...text.matchAll(/^message (\w+) \{([^}]*)\}/gm)].map(([, name, body]) => [name, body.replace(/\s+/g, ' ').trim()]));
}

// Also of all messages that these are made of.
export function fingerprint(protocol) {
  const messages = messagesOf(protocol), wanted = [...ROOTS], seen = new Map();
  while (wanted.length > 0) {
    const name = wanted.pop();
    if (seen.has(name) || !messages.has(name)) continue;
    seen.set(name, messages.get(name));
    wanted.push(...(messages.get(name).match(/\b[A-Z]\w+/g) ?? []));
  }
  for (const name of ROOTS) if (!seen.has(name)) throw new Error(`no message ${name} in proto/`);
  const lines = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, body]) => `${name} { ${body} }`);
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
}
