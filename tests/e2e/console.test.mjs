// The web console: pages, and commands on what is running. Screenshots for the docs are written only
// when asked: PARLEY_SCREENSHOTS=docs/images node --test tests/e2e/
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Console, tooWide } from '../harness/console.mjs';
import { freePort, Sim, sleep, until } from '../harness/parley.mjs';

const adminPort = await freePort();
const text = (id, body, from = '34600000077') => ({ from, id: `wamid.${id}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body } });

describe('the web console', () => {
  let app, sim, parley, page, base, token;
  before(async () => {
    sim = await Sim.start();
    app = await Console.start({ adminPort, sim });
    ({ parley, base, token } = app);
    page = await app.open({ width: 1280, height: 860 });
  });
  after(async () => {
    await app?.stop();
    await sim?.stop();
  });

  test('refuses a wrong token and takes the right one, by keyboard alone', async () => {
    await page.goto(base);
    await page.locator('input[name=token]:focus').waitFor();
    await page.keyboard.type('not the token at all');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the token.').waitFor();
    await page.locator('input[name=token]').fill('');
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');
    await page.getByText('Busiest calls').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.cookie), '', 'a script can read the cookie');
  });

  test('shows the actors and their traffic as it flows', async () => {
    for (let i = 0; i < 20; i++) assert.equal((await parley.webhook([text(`traffic${i}`, 'hello')])).status, 200);
    const ingress = page.getByRole('link', { name: /^ingress: Healthy, 1 of 1 ready/ });
    await ingress.waitFor();
    await page.getByText('persistence.append_inbound').first().waitFor();
    await page.locator('path.edge.active').first().waitFor({ state: 'attached' });
    await app.shot(page, 'console-topology');
  });

  test('restarts a service under load with no failed request', async () => {
    await page.getByRole('link', { name: /^session: / }).click();
    await page.getByRole('heading', { name: 'session', level: 1 }).waitFor();
    const pid = await parley.pidOf('session');
    let isLoading = true;
    const statuses = new Map();
    const load = Promise.all([0, 1, 2].map(async (worker) => {
      for (let i = 0; isLoading; i++) {
        const { status } = await parley.webhook([text(`load${worker}x${i}`, 'hello', `3461${worker}${String(i % 1000).padStart(6, '0')}`)]);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await sleep(20); // load, not a backlog that the tests after this one would wait behind
      }
    }));
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByText('Its instances are replaced one after the other.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    await page.getByText('session is being rolled over').waitFor();
    const deadline = Date.now() + 40000;
    let next;
    do {
      assert.ok(Date.now() < deadline, 'the service was not restarted');
      next = await parley.pidOf('session');
    } while (!next || next === pid || (await parley.status()).instances.some((row) => row.service === 'session' && row.state !== 'ready'));
    await page.getByText(/restarted pid|joined|pid \d+ after/).first().waitFor({ timeout: 5000 }).catch(() => {}); // seen on the first page
    isLoading = false;
    await load;
    assert.deepEqual([...statuses.keys()], [200]);
    assert.ok(statuses.get(200) > 20, `only ${statuses.get(200)} requests`);
    const rows = await parley.query("select actor, details from audit_log where action = 'restart'");
    assert.match(rows[0].actor, /^session [0-9a-f]{8} 127\.0\.0\.1$/);
    assert.equal(rows[0].details.result, 'OK');
    await app.shot(page, 'console-service');
  });

  test('mends a dead letter and sends it again', async () => {
    // translation.detect with {"text": "bonjour"} as msgpack
    await parley.query(`insert into dead_letters (tenant_id, kind, body_digest, reason, body, service, method, class, flags, caller, attempts, causes)
      values ('demo', 'call', md5('x')::uuid, 'SYSTEM_5005', '81a474657874a7626f6e6a6f7572', 'translation', 'detect', 2, 0, 'session', 3, 'worker_lost, worker_lost, worker_lost')`);
    await page.getByRole('link', { name: 'Dead letters' }).click();
    await page.getByRole('button', { name: 'translation.detect' }).click();
    const drawer = page.getByRole('dialog');
    const body = drawer.getByLabel('Message');
    await body.waitFor();
    assert.deepEqual(JSON.parse(await body.inputValue()), { text: 'bonjour' });
    await app.shot(page, 'console-dead-letter');
    await body.fill('{"text": "bonsoir"}');
    await drawer.getByRole('button', { name: 'Save change' }).click();
    await page.getByText('The message is changed').waitFor();
    await drawer.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('The message is on its way again').waitFor();
    await page.getByText('No open dead letter').waitFor();
    const [row] = await parley.query("select resolution, body, resolved_at from dead_letters where service = 'translation'");
    assert.equal(row.resolution, 'retried');
    assert.match(row.body, /a7626f6e736f6972$/);
  });

  test('a person denies what the agent asks for, with a reason', async () => {
    await parley.query(`insert into tool_approvals (tenant_id, approval_id, conversation_id, turn_id, step_key, tool, card_hash, arguments, shown_arguments, reason, expires_at)
      select 'demo', gen_random_uuid(), conversation_id, gen_random_uuid(), 'agent/1', 'refund', '', '{}', '{"amount":49.9}', 'effects', now() + interval '1 hour' from conversations limit 1`);
    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('button', { name: 'refund' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('"amount": 49.9').waitFor();
    await drawer.getByLabel('Note').fill('not twice');
    await drawer.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('dialog', { name: 'Deny refund?' }).getByRole('button', { name: 'Deny' }).click();
    await page.getByText('Nothing waits').waitFor();
    const [row] = await parley.query('select state, note, decided_by from tool_approvals');
    assert.deepEqual([row.state, row.note], ['denied', 'not twice']);
    assert.notEqual(row.decided_by, '');
  });

  test('reads a turn from its arrival to its answer', async () => {
    for (const service of ['session', 'persistence', 'translation', 'intent', 'agent', 'delivery']) await app.post(`services/${service}/tracing`, { sample_ppm: 1000000 });
    assert.equal((await parley.webhook([text('parking', 'tell me about parking', '34600000555')])).status, 200);
    await sim.waitFor('34600000555', 1);
    await page.getByRole('link', { name: 'Turns' }).click();
    await page.getByRole('link', { name: 'tell me about parking' }).first().click();
    await page.getByRole('heading', { name: 'From arrival to reading' }).waitFor();
    await page.getByText('Understand and answer').waitFor();
    await page.getByText(/six free spaces/).waitFor();
    const hops = page.getByRole('list', { name: 'Calls on the bus' });
    for (const call of ['persistence.append_inbound', 'persistence.turn_begin', 'intent.classify', 'persistence.turn_commit'])
      await hops.getByText(call).waitFor();
    await app.shot(page, 'console-turn', true);
  });

  test('shows the rights', async () => {
    await page.getByRole('link', { name: 'Rights' }).click();
    await page.getByRole('rowheader', { name: 'ingress' }).waitFor();
    await page.getByText('List', { exact: true }).click();
    await page.getByLabel('Filter').fill('append_inbound');
    await page.getByRole('cell', { name: 'append_inbound' }).first().waitFor();
  });

  test('works at phone width, in the dark, and comes back after the admin actor dies', async () => {
    const phone = await app.open({ width: 390, height: 844 }, 'dark');
    await app.login(phone);
    for (const page of ['/', '/services', '/services/flow', '/turns', '/approvals', '/traces', '/dead-letters', '/rights']) {
      await phone.goto(base + page);
      await phone.getByRole('heading', { level: 1 }).waitFor();
      await until('it has loaded', async () => (await phone.getByRole('status', { name: 'Loading' }).count()) === 0);
      assert.equal(await tooWide(phone), 0, page);
    }
    await phone.goto(base);
    await phone.getByText('Busiest calls').waitFor();
    await app.shot(phone, 'console-phone');
    process.kill(await parley.pidOf('admin'), 'SIGKILL');
    await phone.getByText('Reconnecting').waitFor();
    await phone.getByText('Live', { exact: true }).waitFor();
    await phone.getByRole('button', { name: 'Open navigation' }).click();
    await phone.getByRole('link', { name: 'Services' }).click();
    await phone.getByRole('heading', { name: 'Services' }).waitFor();
    await phone.getByRole('button', { name: 'Log out' }).click();
    await phone.getByRole('button', { name: 'Log in' }).waitFor();
    await phone.context().close();
  });

  test('every page says that it loads, and what is wrong when it cannot', async () => {
    const pages = ['/services/flow', '/turns', '/turns/demo/x/y', '/approvals', '/traces', '/dead-letters', '/rights'];
    const waits = [];
    await page.route('**/api/v1/**', (route) => waits.push(route)); // no answer yet
    for (const url of pages) {
      await page.goto(base + url);
      await page.getByRole('status', { name: 'Loading' }).first().waitFor();
    }
    await page.unroute('**/api/v1/**');
    const away = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ title: 'away', status: 503, code: 'INTEGRATION_3001', detail: 'PostgreSQL is away' }) };
    await page.route('**/api/v1/**', (route) => route.fulfill(away));
    for (const url of pages) {
      await page.goto(base + url);
      await page.getByText('PostgreSQL is away (INTEGRATION_3001)').first().waitFor();
    }
    await page.unroute('**/api/v1/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('rowheader', { name: 'ingress' }).waitFor();
  });

  test('a command is given by keyboard alone', async () => {
    await page.goto(`${base}/services/translation`);
    const button = page.getByRole('button', { name: 'Commands for translation-1' });
    await button.waitFor();
    for (let i = 0; i < 40 && !(await button.evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Restart' }).waitFor();
    for (const key of ['ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    const isPause = page.getByRole('menuitem', { name: 'Pause' });
    for (let i = 0; i < 4 && !(await isPause.evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel' }).waitFor();
    await until('the safe answer has the focus', () => page.evaluate(() => document.activeElement.textContent === 'Cancel'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('translation-1 is paused').waitFor();
    await until('the focus is back', () => button.evaluate((element) => element === document.activeElement));
    await app.post('services/translation/resume', { instance: 'translation-1' });
  });

  test('files come compressed, hashed ones for ever, and each page with a nonce of its own', async () => {
    const html = await fetch(`${base}/turns/demo`, { headers: { accept: 'text/html' } });
    assert.equal(html.status, 200);
    assert.equal(html.headers.get('cache-control'), 'no-store');
    const again = await fetch(base);
    const noncesOf = (answer, body) => [/style-src 'self' 'nonce-(\w{32})';/.exec(answer.headers.get('content-security-policy'))[1], /csp-nonce" content="(\w+)"/.exec(body)[1]];
    const body = await html.text();
    const [first, inPage] = noncesOf(html, body);
    assert.equal(first, inPage);
    assert.notEqual(noncesOf(again, await again.text())[0], first);
    assert.doesNotMatch(html.headers.get('content-security-policy'), /unsafe/);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(body)[1];
    const file = await fetch(base + script, { headers: { 'accept-encoding': 'br' } });
    assert.equal(file.headers.get('content-encoding'), 'br');
    assert.match(file.headers.get('cache-control'), /immutable/);
    await file.arrayBuffer();
  });

  test('no script failed and nothing met the content security policy', () => {
    assert.deepEqual(app.faults, []);
  });
});
