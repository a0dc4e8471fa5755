// The web console in a browser (Debian's Chromium) on a running stack. Screenshots for the docs are
// written only when asked: PARLEY_SCREENSHOTS=docs/images node --test tests/e2e/console.test.mjs
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { build, Parley, root } from '../harness/parley.mjs';

const adminPort = 23000 + (process.pid % 20000);
const base = `http://127.0.0.1:${adminPort}`;
const token = 'a-token-of-this-browser-test';
const browserPath = process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium';
const text = (id, body, from = '34600000077') => ({ from, id: `wamid.${id}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body } });

describe('the web console', () => {
  let parley, browser, page;
  const faults = [];
  before(async () => {
    assert.ok(existsSync(path.join(build, 'console/dist/index.html')), 'the console is not built: meson configure build -Dconsole=true');
    parley = await Parley.start({ adminPort, env: { X_ADMIN_TOKEN: token } });
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    page = await open({ width: 1280, height: 860 }, 'light');
  });
  after(async () => {
    await browser?.close();
    await parley?.stop();
  });

  async function open(viewport, colorScheme) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const made = await context.newPage();
    made.setDefaultTimeout(20000);
    made.on('pageerror', (error) => faults.push(error.message));
    made.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
    return made;
  }

  async function login(target) {
    await target.goto(base);
    await target.locator('input[name=token]').fill(token);
    await target.getByRole('button', { name: 'Log in' }).click();
    await target.getByText('Busiest calls').waitFor();
  }

  async function shot(target, name, fullPage = false) {
    if (!process.env.PARLEY_SCREENSHOTS) return;
    await target.addStyleTag({ content: '.mantine-Notifications-root { display: none }' });
    await target.screenshot({ path: path.join(root, process.env.PARLEY_SCREENSHOTS, `${name}.png`), fullPage });
  }

  test('refuses a wrong token and takes the right one, by keyboard alone', async () => {
    await page.goto(base);
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
    await shot(page, 'console-topology');
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
    await shot(page, 'console-service');
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
    await shot(page, 'console-dead-letter');
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

  test('reads a turn from its arrival to its answer', async () => {
    await fetch(`${base}/api/v1/services/session/tracing`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{"sample_ppm": 1000000}' });
    await fetch(`${base}/api/v1/services/ingress/tracing`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{"sample_ppm": 1000000}' });
    await parley.cli(['chat', '--from', '+447700900555'], { input: 'tell me about parking\n' });
    await page.getByRole('link', { name: 'Turns' }).click();
    await page.getByRole('link', { name: 'tell me about parking' }).first().click();
    await page.getByRole('heading', { name: 'From arrival to reading' }).waitFor();
    await page.getByText('Understand and answer').waitFor();
    await page.getByText(/six free spaces/).waitFor();
    await page.waitForTimeout(500);
    await shot(page, 'console-turn', true);
  });

  test('shows the rights', async () => {
    await page.getByRole('link', { name: 'Rights' }).click();
    await page.getByRole('rowheader', { name: 'ingress' }).waitFor();
    await page.getByText('List', { exact: true }).click();
    await page.getByLabel('Filter').fill('append_inbound');
    await page.getByRole('cell', { name: 'append_inbound' }).first().waitFor();
  });

  test('works at phone width, in the dark, and comes back after the admin actor dies', async () => {
    const phone = await open({ width: 390, height: 844 }, 'dark');
    await login(phone);
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px too wide`);
    await shot(phone, 'console-phone');
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

  test('files come compressed, hashed ones for ever, and pages with their tag', async () => {
    const html = await fetch(`${base}/turns/demo`, { headers: { accept: 'text/html' } });
    assert.equal(html.status, 200);
    assert.equal(html.headers.get('cache-control'), 'no-cache');
    const again = await fetch(base, { headers: { 'if-none-match': html.headers.get('etag') } });
    assert.equal(again.status, 304);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await html.text())[1];
    const file = await fetch(base + script, { headers: { 'accept-encoding': 'br' } });
    assert.equal(file.headers.get('content-encoding'), 'br');
    assert.match(file.headers.get('cache-control'), /immutable/);
    await file.arrayBuffer();
  });

  test('no script failed and nothing met the content security policy', () => {
    assert.deepEqual(faults, []);
  });
});
