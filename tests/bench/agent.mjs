// bench agent: what a turn of the agent costs beside its model: `node tests/bench/agent.mjs [--turns 200]`. The model is the
// simulator, which answers at once: two questions a turn, each committed before it is used.
import { ModelSim } from '../harness/models.mjs';
import { Parley, Sim, textMessage, until } from '../harness/parley.mjs';

const turns = Number(process.argv[process.argv.indexOf('--turns') + 1] || 200);
const round = (value, digits = 1) => Number(value).toFixed(digits);

const sim = await Sim.start();
const model = await ModelSim.start();
const parley = await Parley.start({ sim, env: {
  PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: 'sk-test', OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '' } });
try {
  await parley.cli(['model', 'set', '--role', 'agent', '--provider', 'main', '--dialect', 'openai_compatible', '--model', 'big',
    '--base-url', `${model.url}/v1`, '--key-env', 'A_KEY']);
  await model.script(
    { match: '"tools"', times: 0, tools: [{ name: 'decide', arguments: { decision: 'RESPOND', plan: 'Yes, dogs are welcome.', reason: 'x' } }] },
    { times: 0, text: 'Yes, dogs are welcome.' });
  const done = async () => (await parley.query("select count(*)::int as n from turns where path = 'agent'"))[0].n;
  const one = async (index) => {
    await parley.webhook([textMessage(`3377${String(index).padStart(7, '0')}`, 'zxcv may my dog come')]);
    await until(`turn ${index}`, async () => (await done()) > index, 20000);
  };
  for (let i = 0; i < turns; i++) await one(i);
  const [time] = await parley.query(
    "select percentile_disc(0.5) within group (order by duration_ms) as p50, percentile_disc(0.99) within group (order by duration_ms) as p99 from turns where path = 'agent'");
  const kinds = await parley.query(
    'select kind, count(*)::float / $1 as n, sum(octet_length(result))::float / $1 as bytes from turn_steps group by 1 order by 1', [turns]);
  const trace = (await parley.cli(['trace', '--last'])).stdout;
  console.log(`${turns} turns one after the other: p50 ${time.p50} ms, p99 ${time.p99} ms`);
  for (const { kind, n, bytes } of kinds) console.log(`a turn: ${round(n)} rows ${kind}, ${round(bytes, 0)} bytes`);
  console.log(trace);
} finally {
  await parley.stop();
  await model.stop();
  await sim.stop();
}
