// The web console in a browser (Debian's Chromium) on a running stack.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { build, Parley, root } from './parley.mjs';

const browserPath = process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium';
const token = 'a-token-of-this-browser-test';

export class Console {
  // Its own Parley, with options as Parley.start takes them.
  static async start({ adminPort, env, ...options } = {}) {
    assert.ok(existsSync(path.join(build, 'console/dist/index.html')), 'the console is not built: meson configure build -Dconsole=true');
    const self = new Console();
    self.base = `http://127.0.0.1:${adminPort}`;
    self.token = token;
    self.faults = []; // scripts that failed, and what met the content security policy
    self.parley = await Parley.start({ adminPort, env: { X_ADMIN_TOKEN: token, ...env }, ...options });
    self.browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    return self;
  }

  async stop() {
    await this.browser?.close();
    await this.parley?.stop();
  }

  async open(viewport, colorScheme = 'light') {
    const context = await this.browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.faults.push(message.text());
    });
    return page;
  }

  async login(page) {
    await page.goto(this.base);
    await page.locator('input[name=token]').fill(this.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Busiest calls').waitFor();
  }

  // The REST interface, as a script uses it.
  async post(path_, body) {
    const response = await fetch(`${this.base}/api/v1/${path_}`, {
      method: 'POST', headers: { authorization: `Bearer ${this.token}` }, body: JSON.stringify(body) });
    assert.ok(response.ok, `${path_}: ${response.status}`);
  }

  // Pictures for the docs, only when asked: PARLEY_SCREENSHOTS=docs/images
  async shot(page, name, fullPage = false) {
    if (!process.env.PARLEY_SCREENSHOTS) return;
    const showNotices = (display) => page.evaluate((value) => {
      for (const box of document.querySelectorAll('.mantine-Notifications-root')) box.style.display = value;
    }, display);
    await showNotices('none');
    await page.screenshot({ path: path.join(root, process.env.PARLEY_SCREENSHOTS, `${name}.png`), fullPage });
    await showNotices('');
  }
}

// How many px the page is wider than its window: 0 when nothing has to be scrolled sideways.
export const tooWide = (page) => page.evaluate(() => Math.max(document.documentElement.scrollWidth - window.innerWidth, 0));
