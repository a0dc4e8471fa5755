// The console's commands on what runs: each asks first, does it, says so, and leaves a row in the audit log.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Console } from '../harness/console.mjs';
import { freePort, until } from '../harness/parley.mjs';

const adminPort = await freePort();

describe('commands of the web console', () => {
  let app, parley, page;
  before(async () => {
    app = await Console.start({ adminPort });
    ({ parley } = app);
    page = await app.open({ width: 1280, height: 860 });
    await app.login(page);
  });
  after(() => app?.stop());

  const instancesOf = async (service) => (await parley.status()).instances.filter((row) => row.service === service);

  async function openService(name) {
    await page.getByRole('link', { name: 'Services' }).first().click();
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  }

  // Opens an instance's menu and picks; a command that asks first is confirmed with `label`.
  async function command(instance, item, label) {
    await page.getByRole('button', { name: `Commands for ${instance}` }).click();
    await page.getByRole('menuitem', { name: item }).click();
    if (label) await page.getByRole('dialog').getByRole('button', { name: label }).click();
  }

  // The row of an action with these fields of its request: the command's own, by whoever is logged in.
  async function audited(action, fields) {
    const row = await until(`an audit row of ${action} with ${JSON.stringify(fields)}`, async () => {
      const rows = await parley.query('select actor, details from audit_log where action = $1', [action]);
      return rows.find(({ details }) => Object.entries(fields).every(([name, value]) => details.request[name] === value));
    });
    assert.match(row.actor, /^session [0-9a-f]{8} 127\.0\.0\.1$/);
    assert.equal(row.details.result, 'OK');
  }
  const countOf = async (action) => (await parley.query('select count(*)::int as n from audit_log where action = $1', [action]))[0].n;

  test('a command that is not confirmed does nothing', async () => {
    await openService('flow');
    const [{ instance }] = await instancesOf('flow');
    await command(instance, 'Drain', 'Cancel');
    await page.getByRole('button', { name: `Commands for ${instance}` }).click();
    await page.getByRole('menuitem', { name: 'Drain' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal((await instancesOf('flow'))[0].state, 'ready');
    assert.equal(await countOf('drain'), 0);
  });

  test('scales a service up and down again', async () => {
    for (const count of [2, 1]) {
      await page.getByRole('button', { name: 'Scale' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Instances').fill(String(count));
      await dialog.getByRole('button', { name: `Scale to ${count}` }).click();
      await page.getByText(`flow goes to ${count}`).waitFor();
      await until(`${count} instances of flow`, async () => {
        const rows = await instancesOf('flow');
        return rows.length === count && rows.every((row) => row.state === 'ready');
      });
      await page.getByRole('button', { name: /^Commands for flow/ }).nth(count - 1).waitFor();
      await audited('scale', { service: 'flow', count });
    }
    assert.equal(await countOf('scale'), 2);
  });

  test('pauses an instance, which then gets no calls, and resumes it', async () => {
    await openService('intent');
    const [{ instance }] = await instancesOf('intent');
    await command(instance, 'Pause', 'Pause');
    await page.getByText(`${instance} is paused`).waitFor();
    await page.getByRole('row', { name: new RegExp(instance) }).getByText('paused', { exact: true }).waitFor();
    await audited('pause', { service: 'intent', instance });
    await command(instance, 'Resume');
    await page.getByText(`${instance} takes calls again`).waitFor();
    await page.getByRole('row', { name: new RegExp(instance) }).getByText('paused', { exact: true }).waitFor({ state: 'detached' });
    await audited('resume', { service: 'intent', instance });
  });

  test('drains an instance, and a restart of the service brings it back', async () => {
    await openService('agent');
    const [{ instance, pid }] = await instancesOf('agent');
    await command(instance, 'Drain', 'Drain');
    await page.getByText(`${instance} finishes what it has`).waitFor();
    await until('the process is gone', async () => !(await instancesOf('agent')).some((row) => row.pid === pid));
    await audited('drain', { service: 'agent', instance });
    await page.getByText('Not running').first().waitFor();
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    await until('it runs again', async () => (await instancesOf('agent')).some((row) => row.state === 'ready' && row.pid !== pid));
    await page.getByText('Healthy').first().waitFor();
  });

  test('records the traffic of an instance', async () => {
    await openService('session');
    const [{ instance }] = await instancesOf('session');
    await command(instance, 'Record traffic', 'Record 30 s');
    await page.getByText(`The traffic of ${instance} is recorded for 30 seconds`).waitFor();
    await parley.say('34600000088', 'hello');
    await audited('tap', { instance });
    await until('the file of the tap', () => readdirSync(path.join(parley.data, 'log/tap')).some((name) => name.endsWith('.tap')));
  });

  test('shows the log of a service, all instances or one, and follows it', async () => {
    await openService('translation');
    const log = page.getByLabel('Log, newest first');
    await log.getByText('welcome').first().waitFor();
    const lines = await log.locator('.log-line').count();
    const [{ instance, pid }] = await instancesOf('translation');
    process.kill(pid, 'SIGKILL');
    await until('more is said', async () => (await log.locator('.log-line').count()) > lines); // the successor, unasked
    await page.getByRole('textbox', { name: 'Instance' }).click();
    await page.getByRole('option', { name: instance, exact: true }).click();
    await log.getByText('welcome').first().waitFor();
    await page.getByText('None of its processes has died.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `${instance} killed by signal 9` }).click();
    await page.getByLabel('Last words').waitFor();
  });

  test('no script failed and nothing met the content security policy', () => {
    assert.deepEqual(app.faults, []);
  });
});
