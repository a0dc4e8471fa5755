// A model for a run's businesses: a script that reports an incident in the agent's first step, answers in the next, writes
// one sentence, and keeps the memory. One business has spend limits, and asks a person before a report is
// filed: that one is here, too.
import { ModelSim } from '../harness/models.mjs';
import { sleep } from '../harness/parley.mjs';

const DELAY_MS = 100; // so that something is open when somebody dies
const APPROVE_EVERY_MS = 300;
const ROLES = ['agent', 'summarise'];

const always = (step) => ({ ...step, times: 0, delay_ms: DELAY_MS });
const SCRIPT = [
  always({ match: 'You keep the memory', text: JSON.stringify({ summary: 'Something is broken.', facts: [] }) }),
  always({ match: '"role":"tool"', tools: [{ name: 'decide', arguments: { decision: 'RESPOND', reason: 'done', plan: 'Say that it is reported.' } }] }),
  always({ match: '"tools"', tools: [
    { name: 'list_projects', arguments: {} },
    { name: 'submit_incident_report', arguments: { description: 'the tap drips', severity: 'low' } },
    { name: 'no_such_tool', arguments: {} }] }),
  always({ text: 'I have reported the tap.' }),
];

export const env = { PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: 'sk-test', OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '',
  PARLEY_MEMORY_DELAY_MS: '200', PARLEY_WATCH_MS: '300' };

export class ChaosModel {
  async start(parley, tenants) {
    this.parley = parley;
    this.sim = await ModelSim.start();
    await this.sim.script(...SCRIPT);
    const set = (tenant, role) => parley.cli(['model', 'set', '--tenant', tenant, '--role', role, '--provider', 'main', '--dialect', 'openai_compatible',
      '--model', 'gpt-5.4-mini', '--base-url', `${this.sim.url}/v1`, '--key-env', 'A_KEY']);
    for (const role of ROLES) await Promise.all(tenants.map((tenant) => set(tenant, role)));
    const careful = tenants.at(-1);
    await parley.cli(['model', 'limit', '--tenant', careful, '--day', '100000', '--conversation', '10000']);
    await parley.cli(['tool', 'rule', 'submit_incident_report', 'approve', '--tenant', careful]);
    this.person = this.approve();
  }

  async approve() {
    for (; !this.isOver; await sleep(APPROVE_EVERY_MS))
      await this.parley.query("select tool_approval_decide(approval_id, '', 'approved', 'chaos', '') from tool_approvals where state = 'pending'").catch(() => {});
  }

  async stop() {
    this.isOver = true;
    await this.person;
    await this.sim?.stop();
  }
}
