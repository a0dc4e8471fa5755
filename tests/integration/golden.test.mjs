// R-8, I12: recorded turns of every format of the journal that there was, replayed by this build on a fresh data folder; and
// the format does not change unnoticed. docs/developing.md says what to do when something here fails.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { currentFormat, fingerprint, formats, readProtocol, readSet, turnsFile } from '../golden/format.mjs';
import { Parley } from '../harness/parley.mjs';

const help = 'see "Golden journals" in docs/developing.md';
// What pure functions of the build say, which a release may say otherwise: of a release's turns, these may differ.
const PURE = /^(outbox \d+|language|language_confidence|intent|confidence|sentiment|risk)$/;

describe('golden journals', () => {
  let parley;
  before(async () => (parley = await Parley.start({ whatsapp: false })));
  after(() => parley?.stop());

  // [{ turn_id, differences }], and how many could not be replayed at all.
  async function replay(file) {
    const { stdout, stderr } = await parley.cliAny(['replay', '--from', file, '--json'], { timeout: 120000 });
    const turns = stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
    return { turns: turns.map((row) => ({ turn_id: row.turn_id, differences: row.replay.differences ?? [] })), stderr };
  }
  const lines = (file) => readFileSync(file, 'utf8').trim().split('\n');

  test('there is a set of the format that this build writes, and it has the fingerprint of the protocol', () => {
    const format = currentFormat();
    assert.deepEqual(formats(), Array.from({ length: format }, (_, i) => i + 1),
      `tests/golden/journals/ has no set of format ${format}: record one with node tests/golden/record.mjs (${help})`);
    const set = readSet(format);
    assert.equal(fingerprint(readProtocol()), set.fingerprint,
      `the messages that a recorded turn is made of have changed since the set of format ${format} was recorded. ` +
      (set.release ? `Release ${set.release} writes that format: raise TURN_JOURNAL_FORMAT (services/session/turn_steps.h), then` : 'No release had it:') +
      ` node tests/golden/record.mjs${set.release ? '' : ' --replace'} (${help})`);
  });

  test('a changed message changes the fingerprint, a comment does not', () => {
    const protocol = readProtocol(), now = fingerprint(protocol);
    assert.equal(fingerprint(protocol.replace('message TurnJournal {', 'message TurnJournal {\n  // more\n')), now);
    assert.notEqual(fingerprint(protocol.replace('string step_key = 1', 'string step_key = 11')), now);
    assert.notEqual(fingerprint(protocol.replace('message InboundContent {', 'message InboundContent {\n  string more = 99;')), now);
    assert.equal(fingerprint(protocol.replace('message Product {', 'message Product {\n  string more = 99;')), now);
  });

  for (const format of formats())
    test(`turns of format ${format} come to the same, byte for byte`, async () => {
      const set = readSet(format), file = turnsFile(format);
      assert.ok(set.paths.includes('agent') && set.paths.includes('person') && set.paths.some((one) => one.startsWith('flow:')));
      assert.equal(lines(file).length, set.turns);
      const { turns, stderr } = await replay(file);
      assert.equal(turns.length, set.turns, `not all of the set can be read any more (${help}): ${stderr}`);
      const wrong = turns.flatMap((turn) => turn.differences.filter(({ what }) => !(set.release && PURE.test(what))).map((difference) => ({ turn: turn.turn_id, ...difference })));
      assert.deepEqual(wrong, [], set.release
        ? `this build does not come to what release ${set.release} recorded: turns that are open while it is upgraded would fail (${help})`
        : `this build comes to something else than what was recorded. When that is meant, and no release has it: node tests/golden/record.mjs --replace (${help})`);
    });

  test('a step under another name is seen, and so is a newer format', async () => {
    const file = path.join(parley.data, 'broken.jsonl'), rows = lines(turnsFile(currentFormat())).map((line) => JSON.parse(line));
    const row = rows.find(({ record }) => Buffer.from(record, 'base64').includes('flow/0/0/list_projects'));
    const bytes = Buffer.from(row.record, 'base64');
    const rename = Buffer.from(bytes);
    rename.write('flow/0/9/', rename.indexOf('flow/0/0/list_projects'));
    writeFileSync(file, `${JSON.stringify({ ...row, record: rename.toString('base64') })}\n`);
    assert.ok((await replay(file)).turns[0].differences.some(({ what }) => what === 'step flow/0/9/list_projects'));
    const at = bytes.indexOf('format');
    assert.equal(bytes[at + 'format'.length], currentFormat());
    bytes[at + 'format'.length] = 127;
    writeFileSync(file, `${JSON.stringify({ ...row, record: bytes.toString('base64') })}\n`);
    const { turns, stderr } = await replay(file);
    assert.deepEqual(turns, []);
    assert.match(stderr, /LOGIC_4005|invalid argument|newer/);
  });
});
