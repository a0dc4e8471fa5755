// parley top in a terminal of its own (tmux): what is on the screen, what keys do.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build, Parley, root, until } from '../harness/parley.mjs';

class Terminal {
  constructor(name, columns, lines, command, env) {
    this.socket = `parley-top-${process.pid}-${name}`;
    this.tmux(['new-session', '-d', '-x', String(columns), '-y', String(lines), command], env);
  }
  tmux(args, env) {
    return execFileSync('tmux', ['-L', this.socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
  screen() {
    return this.tmux(['capture-pane', '-p']);
  }
  keys(...keys) {
    this.tmux(['send-keys', ...keys]);
  }
  waitFor(pattern, limitMs) {
    let last = '';
    return until(`${pattern} on the screen`, () => (last = this.screen()).match(pattern), limitMs).catch((error) => {
      throw new Error(`${error.message}\n${last}`);
    });
  }
  isOpen() {
    try {
      this.tmux(['list-sessions']);
      return true;
    } catch {
      return false;
    }
  }
  close() {
    try {
      this.tmux(['kill-server']);
    } catch {
      // it has ended by itself
    }
  }
}

// Moves the cursor from the first service to this one.
function choose(top, service) {
  const services = [...top.screen().matchAll(/^(\S+) +\S+ +\d+\/\d+ /gm)].map(([, name]) => name);
  assert.ok(services.includes(service), services.join(' '));
  top.keys(...Array(services.indexOf(service)).fill('Down'));
}

describe('parley top', () => {
  let parley;
  const terminals = [];
  const open = (columns = 80, lines = 24) => {
    const terminal = new Terminal(terminals.length, columns, lines, `exec ${path.join(build, 'cli/parley')} top --data ${parley.data}`, { ...parley.env, PARLEY_SOURCE: root });
    terminals.push(terminal);
    return terminal;
  };
  before(async () => {
    parley = await Parley.start({ whatsapp: false });
  });
  after(async () => {
    terminals.forEach((terminal) => terminal.close());
    await parley?.stop();
  });

  test('shows every service at 80x24, opens one, sorts, and gives the terminal back', async () => {
    const top = open();
    await top.waitFor(/^session +ready +1\/1 /m);
    const screen = top.screen();
    for (const service of ['admin', 'agent', 'delivery', 'flow', 'ingress', 'intent', 'model', 'persistence', 'session', 'translation'])
      assert.match(screen, new RegExp(`^${service} +ready +1/1 `, 'm'));
    assert.match(screen, /^up \d+s {2}calls\/s \S+ {2}errors\/s /);
    assert.match(screen, /^accepted (\d+) = replied/m);
    assert.match(screen, /^SERVICE +STATE +READY +QUEUED/m);
    assert.match(screen, /o:sort\(name\) h:help q:quit *$/m);
    top.keys('o');
    await top.waitFor(/o:sort\(calls\/s\) h:help q:quit/);
    top.keys('o', 'o', 'o', 'o'); // by name again
    await top.waitFor(/o:sort\(name\)/);
    top.keys('j', 'k'); // as the arrows
    choose(top, 'delivery');
    top.keys('Enter');
    await top.waitFor(/^delivery-1 +\d+ ready /m);
    assert.doesNotMatch(top.screen(), /^session-1 /m);
    top.keys('Escape');
    await top.waitFor(/^SERVICE /m);
    top.keys('i');
    await top.waitFor(/^session-1 +\d+ ready /m);
    assert.match(top.screen(), /^cli-\S+ +\d+ client /m);
    top.keys('?');
    await top.waitFor(/^r +restart: /m);
    top.keys('q');
    await until('it ends', () => !top.isOpen());
  });

  test('refreshes each second and follows its terminal to another size', async () => {
    const top = open(120, 40);
    await top.waitFor(/^session +ready/m);
    const accepted = () => Number(/^accepted (\d+)/m.exec(top.screen())[1]);
    const before = accepted();
    await until('more calls', () => accepted() > before);
    top.tmux(['resize-window', '-x', '80', '-y', '12']);
    await top.waitFor(/q:quit/);
    await until('the foot is in the last line', () => /q:quit/.test(top.screen().replace(/\n+$/, '').split('\n')[11] ?? ''));
    for (let i = 0; i < 30; i++) top.keys('Down');
    await top.waitFor(/^translation +ready/m); // scrolled
    top.keys('q');
  });

  test('asks before it restarts; the service rolls and another process answers', async () => {
    const before = await parley.pidOf('flow');
    const top = open();
    await top.waitFor(/^flow +ready/m);
    choose(top, 'flow');
    top.keys('r');
    const [, service] = await top.waitFor(/^restart (\S+)\? \(y\/n\)/m);
    top.keys('n');
    await until('the question is gone', () => !/\(y\/n\)/.test(top.screen()));
    assert.equal(await parley.pidOf('flow'), before);
    assert.equal(service, 'flow');
    top.keys('r');
    await top.waitFor(/\(y\/n\)/);
    top.keys('y');
    await top.waitFor(/^done/m);
    await until('another process', async () => ((await parley.pidOf('flow')) ?? before) !== before);
    top.keys('q');
  });

  test('scales a service, and shows why it was refused', async () => {
    const top = open();
    await top.waitFor(/^intent +ready +1\/1/m);
    choose(top, 'intent');
    top.keys('s');
    await top.waitFor(/^scale intent to how many instances\? _/m);
    top.keys('2', 'Enter');
    await top.waitFor(/^intent +ready +2\/2/m);
    top.keys('s');
    await top.waitFor(/how many/);
    top.keys('9', '9', '9', '9', 'Enter');
    await top.waitFor(/^refused: \S+ /m);
    top.keys('s');
    await top.waitFor(/how many/);
    top.keys('1', 'Enter');
    await top.waitFor(/^intent +ready +1\/1/m);
    top.keys('q');
  });

  test('follows the log of a service', async () => {
    const top = open(120, 30);
    await top.waitFor(/^session +ready/m);
    top.keys('i');
    await top.waitFor(/^admin-1 +/m);
    top.keys('l');
    await top.waitFor(/^log of admin-1/m);
    await top.waitFor(/"event":"admin_listens"/);
    top.keys('Escape');
    await top.waitFor(/^SERVICE/m);
    top.keys('q');
  });

  test('without a terminal it says so, or prints the table once', async () => {
    assert.match((await parley.cli(['top'], { code: 2 })).stderr, /no terminal; `parley top --once`/);
    const { stdout } = await parley.cli(['top', '--once']);
    assert.match(stdout, /^session +ready +\d\/\d /m);
    assert.match((await parley.cli(['top', '--once', '--instances'])).stdout, /^session-1 +\d+ ready /m);
    for (const line of stdout.split('\n').slice(2)) assert.ok(line.length <= 80, line);
    const idle = new Parley();
    idle.data = '/tmp/parley-that-does-not-exist';
    idle.env = process.env;
    assert.match((await idle.cli(['top', '--once'], { code: 69 })).stderr, /nothing is running/);
  });
});
