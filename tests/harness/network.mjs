// Processes in network namespaces of their own, behind bridges, as containers and machines have it. Runs
// inside one more namespace (unshare -n), so that links and addresses go with the processes.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { until } from './parley.mjs';

export const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });

// Ours has the address .1 on each bridge: { name: 'net0', prefix: '10.77.0' }
export function makeBridges(...bridges) {
  ip('link', 'set', 'lo', 'up');
  for (const [i, { name, prefix }] of bridges.entries()) {
    // Of its own, else it is that of a port, and changes with it.
    ip('link', 'add', name, 'address', `02:00:00:00:00:0${i + 1}`, 'type', 'bridge');
    ip('addr', 'add', `${prefix}.1/24`, 'dev', name);
    ip('link', 'set', name, 'up');
  }
}

// A process with a namespace; both end together, its children may live on in it.
export class Box {
  // host: the last number of its address on each bridge. Waits behind `read` until its network is there.
  static async start({ name, host, bridges, program, args, env, log }) {
    const box = new Box();
    Object.assign(box, { name, host, bridges, log });
    box.address = `${bridges[0].prefix}.${host}`;
    mkdirSync(log, { recursive: true });
    box.child = spawn('unshare', ['-n', '--', 'sh', '-c', 'read go; exec "$0" "$@"', program, ...args], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    box.stderr = '';
    box.child.stderr.on('data', (chunk) => (box.stderr += chunk));
    box.child.on('exit', (code, signal) => (box.end = code ?? signal));
    const own = readlinkSync('/proc/self/ns/net');
    await until(`${name} has a namespace`, () => readlinkSync(`/proc/${box.child.pid}/ns/net`) !== own);
    box.namespace = readlinkSync(`/proc/${box.child.pid}/ns/net`);
    bridges.forEach((bridge, i) => {
      // The same for the same host, so that others find it after a restart.
      const mac = `02:00:00:00:${(i + 1).toString(16).padStart(2, '0')}:${host.toString(16).padStart(2, '0')}`;
      ip('link', 'add', box.linkOf(bridge), 'type', 'veth', 'peer', 'name', `eth${i}`, 'address', mac, 'netns', String(box.child.pid));
      ip('link', 'set', box.linkOf(bridge), 'master', bridge.name, 'up');
      execFileSync('nsenter', ['-t', String(box.child.pid), '-n', 'sh', '-c',
        `ip link set lo up && ip addr add ${bridge.prefix}.${host}/24 dev eth${i} && ip link set eth${i} up`]);
    });
    box.child.stdin.end('go\n');
    return box;
  }
  linkOf(bridge) {
    return `${bridge.name}-${this.host}`;
  }
  cut(bridge = this.bridges[0]) {
    ip('link', 'set', this.linkOf(bridge), 'down');
  }
  heal(bridge = this.bridges[0]) {
    ip('link', 'set', this.linkOf(bridge), 'up');
  }
  // All processes in its namespace: { pid, name }
  processes() {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).flatMap((entry) => {
      try {
        if (readlinkSync(`/proc/${entry}/ns/net`) !== this.namespace) return [];
        return [{ pid: Number(entry), name: readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')[0].split('/').pop() }];
      } catch {
        return []; // it has just ended
      }
    });
  }
  signal(signal, matches = () => true) {
    for (const process_ of this.processes().filter(({ name }) => matches(name))) {
      try {
        process.kill(process_.pid, signal);
      } catch {
        // it has just ended
      }
    }
  }
  async kill() {
    await until(`${this.name} is gone`, () => {
      this.signal('SIGKILL');
      return this.processes().length === 0;
    });
  }
  text() {
    return this.stderr + readdirSync(this.log).map((name) => readFileSync(path.join(this.log, name), 'utf8')).join('');
  }
}

// PostgreSQL on a Unix socket, which reaches across network namespaces, and on TCP where `listen` says.
export function startPostgres(data, { listen = '', from } = {}) {
  const version = readdirSync('/usr/lib/postgresql').sort((a, b) => b - a)[0];
  const program = (name) => `/usr/lib/postgresql/${version}/bin/${name}`;
  const [cluster, sockets] = [path.join(data, 'pg'), path.join(data, 'run-pg')];
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
  for (const folder of [cluster, sockets]) {
    mkdirSync(folder);
    chownSync(folder, uid, uid);
  }
  const asPostgres = (name, ...args) => execFileSync('runuser', ['-u', 'postgres', '--', program(name), ...args], { stdio: 'ignore', cwd: '/' });
  asPostgres('initdb', '-D', cluster, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
  if (from) execFileSync('runuser', ['-u', 'postgres', '--', 'sh', '-c', `echo "host all all ${from} trust" >> ${cluster}/pg_hba.conf`]);
  asPostgres('pg_ctl', '-D', cluster, '-w', '-l', path.join(cluster, 'server.log'), '-o', `-k ${sockets} -c listen_addresses=${listen} -c fsync=off`, 'start');
  asPostgres('createdb', '-h', sockets, '-U', 'postgres', 'parley');
  return { sockets, stop: () => asPostgres('pg_ctl', '-D', cluster, '-m', 'immediate', 'stop') };
}
