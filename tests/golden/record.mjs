// Records a set of golden journals (docs/developing.md): turns of every kind, made by the current build, into
// tests/golden/journals/<format>/. A set that a release had is never written again.
//   node tests/golden/record.mjs [--replace]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { ModelSim } from '../harness/models.mjs';
import { Parley, Sim, textMessage, until, wamid } from '../harness/parley.mjs';
import { currentFormat, fingerprint, formats, readProtocol, readSet, setFolder, turnsFile } from './format.mjs';

const choice = (from, id) => ({ from, id: wamid(), timestamp: String(Math.floor(Date.now() / 1000)), type: 'interactive',
  interactive: { type: 'list_reply', list_reply: { id, title: 'x' } } });
const text = (what) => (from) => textMessage(from, what);
const pick = (id) => (from) => choice(from, id);

const plan = (what) => ({ tools: [{ name: 'decide', arguments: { decision: 'RESPOND', reason: 'golden', plan: what } }] });
const report = { tools: [{ name: 'list_projects', arguments: {} }, { name: 'submit_incident_report', arguments: { description: 'the tap drips', severity: 'low' } }] };
const opinion = { text: JSON.stringify({ intent: 'report_incident', confidence: 0.97, sentiment: 'negative', risk: [], situation: 'Something is broken.',
  entities: [{ type: 'other', text: 'the thing', value: '' }] }) };
const translation = { match: 'You translate', text: JSON.stringify({ translation: 'La commande <x1/> est cassée' }) };

// Each is a customer: what they say, and which roles have a model by then, with its script.
const STORIES = [
  { says: [text('bonjour'), pick('menu:report_incident'), text("il y a une fuite d'eau dans la cuisine"), text('au deuxième étage'), text('grave'), text('oui')] },
  { says: [pick('menu:list_projects')] },
  { says: [text('¿cuál es el horario de apertura?')] },
  { says: [text('I want to talk to a human'), text('are you still there?')] },
  { roles: ['agent'], script: [report, plan('Say that it is reported.'), { text: 'I have reported the tap.' }], says: [text('zxcv qwfp arst neio')] },
  { roles: ['agent'], script: [plan('Two places.'), { text: 'Two places behind the house.' }], says: [text('zxcv what about parking')] },
  { roles: ['classify'], script: [opinion], says: [text('I am not sure about the thing from before')] },
  { roles: ['translate'], script: [translation], says: [text('The order AB-77 is broken')] },
];

class Recorder {
  async start() {
    this.sim = await Sim.start();
    this.model = await ModelSim.start();
    this.parley = await Parley.start({ sim: this.sim, env: { PARLEY_TYPING_AFTER_MS: '-1', PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: 'sk-test',
      OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '', PARLEY_MEMORY: 'false' } });
    this.roles = [];
  }

  async stop() {
    await this.parley?.stop();
    await this.model?.stop();
    await this.sim?.stop();
  }

  // The actors keep what they know of roles for some seconds: a new start is the simplest way to the new ones.
  async use(roles) {
    if (roles.join() === this.roles.join()) return;
    for (const role of this.roles) await this.parley.cli(['model', 'unset', '--role', role]);
    for (const role of roles)
      await this.parley.cli(['model', 'set', '--role', role, '--provider', 'main', '--dialect', 'openai_compatible', '--model', 'golden', '--base-url', `${this.model.url}/v1`, '--key-env', 'A_KEY']);
    for (const service of ['agent', 'intent', 'translation', 'session']) await this.parley.cli(['restart', service]);
    this.roles = roles;
  }

  async tell(from, message) {
    const turns = async () => (await this.parley.query('select 1 from turns join conversations c using (tenant_id, conversation_id) where c.address = $1', [from])).length;
    const open = async () => (await this.parley.query("select 1 from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 and o.state in ('queued', 'sending')", [from])).length;
    const before = await turns();
    await this.parley.deliver([message]);
    await until('a turn', async () => (await turns()) > before);
    await until('its answer is sent', async () => (await open()) === 0);
  }

  async record() {
    for (const [i, { roles = [], script = [], says }] of STORIES.entries()) {
      await this.use(roles);
      await this.model.reset();
      await this.model.script(...script);
      for (const message of says) await this.tell(`336500001${String(i).padStart(2, '0')}`, message(`336500001${String(i).padStart(2, '0')}`));
      const asked = (await this.model.ledger()).length;
      if (asked !== script.length) throw new Error(`story ${i} asked the model ${asked} times, not ${script.length}: its script is out of date`);
    }
    return this.parley.query('select path, decision from turns order by committed_at');
  }
}

const format = currentFormat(), isThere = formats().includes(format);
if (isThere && readSet(format).release) throw new Error(`format ${format} is of release ${readSet(format).release}: raise TURN_JOURNAL_FORMAT (services/session/turn_steps.h) first`);
if (isThere && !process.argv.includes('--replace')) throw new Error(`there is a set of format ${format}; no release had it, so --replace may write it anew`);
const recorder = new Recorder();
try {
  await recorder.start();
  const turns = await recorder.record();
  mkdirSync(setFolder(format), { recursive: true });
  await recorder.parley.cli(['replay', '--all', '--export', turnsFile(format)]);
  const { stdout } = await recorder.parley.cliAny(['replay', '--from', turnsFile(format), '--diff']);
  if (!/ 0 different, 0 failed/.test(stdout)) throw new Error(`what was recorded does not replay here:\n${stdout}`);
  writeFileSync(`${setFolder(format)}/set.json`, `${JSON.stringify({ format, fingerprint: fingerprint(readProtocol()), turns: turns.length, release: null, paths: [...new Set(turns.map((turn) => turn.path))] }, null, 2)}\n`);
  console.log(`${stdout.trim()}\n${readFileSync(turnsFile(format)).length} bytes in ${turnsFile(format)}`);
} finally {
  await recorder.stop();
}
