// promises.md S-16: a tool that tries to get out. Each attempt is made by a program in the jail of the real
// broker; it tells what it reached, and it must have reached nothing.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Parley, isSanitized, root } from '../harness/parley.mjs';
import { callTool, isTool, manifest, putTool } from '../harness/tools.mjs';

// Every attempt returns a true value (what it got) or raises. SYS numbers are those of x86-64.
const attempts = `
import ctypes, os, socket, struct, subprocess, threading, mmap, signal, resource
from parley_tool import serve
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *args):
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return f"returned {result}"

def read(path):
    with open(path, "rb") as file:
        return file.read(100)

def write(path):
    with open(path, "wb") as file:
        file.write(b"x")
    return "written"

def connect(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(2)
    s.connect(address)
    return "connected"

def fork_bomb():
    made = 0
    for _ in range(50):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        made += 1
    return made

def thread_bomb():
    threads = []
    gate = threading.Event()
    try:
        for _ in range(5000):
            t = threading.Thread(target=gate.wait, daemon=True)
            t.start()
            threads.append(t)
    except (RuntimeError, MemoryError):
        gate.set()
        raise
    gate.set()
    return len(threads)

def descriptors():
    kept = []
    try:
        for _ in range(100000):
            kept.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for fd in kept:
            os.close(fd)
    return len(kept)

def memory():
    kept = [bytearray(1 << 20) for _ in range(4096)]
    return len(kept)

def fill_scratch():
    with open("/scratch/big", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return "64 MB written"

def fill_scratch_by_many():
    for i in range(64):
        with open(f"/scratch/f{i}", "wb") as file:
            file.write(bytes(1 << 20))
    return "64 MB written"

def memfd_exec():
    fd = call(319, ctypes.c_char_p(b"x"), 0)
    return fd

def symlink_out():
    os.symlink("/etc/shadow", "/scratch/link")
    return read("/scratch/link")

def dot_dot():
    return read("../../../../../../../../etc/shadow")

def old_root():
    names = os.listdir("/")
    return [n for n in names if n not in ("bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "dev", "proc", "run", "scratch", *WAYS)]

def secrets_in_environment():
    bad = [n for n in os.environ if "TOKEN" in n or "KEY" in n or "SECRET" in n or "DATABASE" in n or "PASSWORD" in n]
    return bad

def keys_below(folder):
    found = []
    for base, _, files in os.walk(folder):
        found += [os.path.join(base, f) for f in files if f.endswith((".key", ".pem", "master.key")) and "/usr/" not in base and "/etc/ssl" not in base]
    return found

def other_processes():
    return [p for p in os.listdir("/proc") if p.isdigit() and int(p) > 20]

def other_environ():
    return read("/proc/1/environ").find(b"DATABASE_URL") >= 0

def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except OSError:
        return False

def main_bus():
    return connect(socket.AF_UNIX, DATA + "/run/bus.sock")

def interfaces():
    return [n for _, n in socket.if_nameindex() if n != "lo"]

def write_own_folder():
    return write(os.environ["PARLEY_TOOL_FOLDER"] + "/tool.yaml")

def exec_other():
    return subprocess.run(["/usr/bin/id"], capture_output=True).stdout

def exec_scratch():
    write("/scratch/x"); os.chmod("/scratch/x", 0o700)
    os.execv("/scratch/x", ["x"])

def capabilities():
    caps = [l.split()[1] for l in open("/proc/self/status") if l.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb"))]
    return [c for c in caps if int(c, 16)]

def privileges():
    lines = dict(l.split(":", 1) for l in open("/proc/self/status") if ":" in l)
    return not (lines["NoNewPrivs"].strip() == "1" and lines["Seccomp"].strip() == "2")

def speak(actor, offered, then=None):
    import msgpack, zmq
    from parley_tool import pack_header, unpack_header
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.setsockopt(zmq.LINGER, 0)
    s.connect(os.environ["PARLEY_BUS"])
    try:
        s.send_multipart([pack_header(kind=1), msgpack.packb({"actor": actor, "instance": actor + "-x", "service": offered, "is_ready": True})])
        if then:
            s.send_multipart(then)
        while s.poll(3000):
            header = unpack_header(s.recv_multipart()[0])
            if header["kind"] in (3, 7):
                raise OSError(header["err"], "the broker refused it")
            if header["kind"] in ((6,) if then else (2,)):
                return "accepted"
        raise OSError(0, "no answer")
    finally:
        s.close()

def steal(tenant, service, method):
    import msgpack
    from parley_tool import pack_header
    return speak("tool.escape", "", [pack_header(kind=5, id=77, tenant=tenant, service=service, method=method, budget_ms=2000, attempt=1), msgpack.packb({})])

DATA = PLACE_OF_DATA
WAYS = PLACE_OF_WAYS # to its own folder and to the SDK
PORT = PLACE_OF_PORT
ATTEMPTS = {
    "ptrace parent": lambda: call(101, 16, 1, 0, 0),
    "ptrace self": lambda: call(101, 0, 0, 0, 0),
    "keyctl": lambda: call(250, 0, -3, 0),
    "add_key": lambda: call(248, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"a"), ctypes.c_char_p(b"b"), 1, -3),
    "io_uring_setup": lambda: call(425, 8, ctypes.create_string_buffer(256)),
    "bpf": lambda: call(321, 0, ctypes.create_string_buffer(128), 128),
    "userfaultfd": lambda: call(323, 0),
    "perf_event_open": lambda: call(298, ctypes.create_string_buffer(128), 0, -1, -1, 0),
    "mount": lambda: call(165, ctypes.c_char_p(b"none"), ctypes.c_char_p(b"/scratch"), ctypes.c_char_p(b"tmpfs"), 0, 0),
    "umount": lambda: call(166, ctypes.c_char_p(b"/proc"), 2),
    "pivot_root": lambda: call(155, ctypes.c_char_p(b"/"), ctypes.c_char_p(b"/")),
    "chroot": lambda: os.chroot("/scratch"),
    "open_tree": lambda: call(428, -100, ctypes.c_char_p(b"/"), 1),
    "fsopen": lambda: call(430, ctypes.c_char_p(b"tmpfs"), 0),
    "unshare user": lambda: call(272, 0x10000000),
    "clone newuser": lambda: call(56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": lambda: call(435, ctypes.create_string_buffer(struct.pack("<Q", 0x10000000) + bytes(80)), 88),
    "setns": lambda: call(308, os.open("/proc/self/ns/net", os.O_RDONLY), 0),
    "setuid": lambda: os.setuid(0),
    "init_module": lambda: call(175, ctypes.create_string_buffer(8), 8, ctypes.c_char_p(b"")),
    "kexec_load": lambda: call(246, 0, 0, 0, 0),
    "reboot": lambda: call(169, 0xfee1dead, 672274793, 0, 0),
    "swapon": lambda: call(167, ctypes.c_char_p(b"/scratch/x"), 0),
    "settimeofday": lambda: call(164, ctypes.create_string_buffer(16), 0),
    "process_vm_readv": lambda: call(310, 1, 0, 0, 0, 0, 0),
    "pidfd_getfd": lambda: call(438, 3, 0, 0),
    "personality": lambda: call(135, 0x40000),
    "name_to_handle": lambda: call(303, -100, ctypes.c_char_p(b"/"), ctypes.create_string_buffer(b"\\x80" + bytes(200)), ctypes.create_string_buffer(8), 0),
    "open_by_handle": lambda: call(304, -100, ctypes.create_string_buffer(200), 0),
    "quotactl": lambda: call(179, 0, 0, 0, 0),
    "acct": lambda: call(163, ctypes.c_char_p(b"/scratch/x")),
    "memfd exec": memfd_exec,
    "shmget": lambda: call(29, 0, 4096, 0o1600),
    "msgget": lambda: call(68, 0, 0o1600),
    "mq_open": lambda: call(240, ctypes.c_char_p(b"q"), 0o102, 0o600, 0),
    "mknod device": lambda: os.mknod("/scratch/mem", 0o20600, os.makedev(1, 1)),
    "TIOCSTI": lambda: call(16, 0, 0x5412, ctypes.create_string_buffer(b"x")),
    "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100000, 100000)),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)),
    "fork": lambda: os.fork(),
    "fork bomb": fork_bomb,
    "another program": exec_other,
    "program in scratch": exec_scratch,
    "thread bomb": thread_bomb,
    "descriptors": descriptors,
    "memory": memory,
    "scratch, one file": fill_scratch,
    "scratch, many files": fill_scratch_by_many,
    "loopback": lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)),
    "loopback IPv6": lambda: connect(socket.AF_INET6, ("::1", PORT)),
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
    "vsock": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "alg": lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
    "abstract socket": lambda: connect(socket.AF_UNIX, "\\0parley-test"),
    "main bus": main_bus,
    "another tool's bus": lambda: [d for d in os.listdir("/run") if d != "parley"],
    "interfaces": interfaces,
    "shadow": lambda: read("/etc/shadow"),
    "passwd": lambda: read("/etc/passwd"),
    "symlink": symlink_out,
    "dot dot": dot_dot,
    "proc root": lambda: read("/proc/1/root/etc/shadow"),
    "master key": lambda: read(DATA + "/keys/master.key"),
    "keys": lambda: keys_below(DATA),
    "database socket": lambda: os.listdir(DATA + "/run-pg"),
    "log folder": lambda: os.listdir(DATA + "/log"),
    "another tool": lambda: os.listdir(DATA + "/tools/neighbour"),
    "old root": old_root,
    "environment": secrets_in_environment,
    "environment of others": other_environ,
    "other processes": other_processes,
    "signal others": lambda: [p for p in range(3, 400) if alive(p) and str(p) not in os.listdir("/proc/self/task")],
    "own folder": write_own_folder,
    "/usr": lambda: write("/usr/bin/parley-was-here"),
    "/": lambda: write("/parley-was-here"),
    "/dev/mem": lambda: read("/dev/mem"),
    "/sys": lambda: os.listdir("/sys"),
    "sysrq": lambda: write("/proc/sysrq-trigger"),
    "core_pattern": lambda: write("/proc/sys/kernel/core_pattern"),
    "name of the command line": lambda: speak("cli", ""),
    "name of another tool": lambda: speak("tool.neighbour", ""),
    "service of another": lambda: speak("tool.escape", "persistence"),
    "right of nobody": lambda: steal("demo", "bus", "shutdown"),
    "right of others": lambda: steal("demo", "persistence", "list_tasks"),
    "tenant of others": lambda: steal("demo", "persistence", "list_projects"),
    "capabilities": capabilities,
    "privileges": privileges,
}

def run(text=""):
    if text == "names":
        return {"text": "\\n".join(ATTEMPTS)}
    try:
        got = ATTEMPTS[text]()
    except (OSError, RuntimeError, MemoryError, ValueError, KeyError, AttributeError) as error:
        return {"text": f"refused: {type(error).__name__}: {error}"[:200]}
    return {"text": f"GOT {got!r}"[:200] if got else "refused: nothing there"}

serve(run)
`;

let parley, server, names;
before(async () => {
  server = http.createServer((_, response) => response.end('x')).listen(0);
  parley = await Parley.start({ whatsapp: false, env: { SECRET_CANARY: 'canary' } });
  const ways = [parley.data, root].map((folder) => folder.split('/')[1]);
  const program = attempts.replace('PLACE_OF_DATA', JSON.stringify(parley.data)).replace('PLACE_OF_WAYS', JSON.stringify(ways)).replace('PLACE_OF_PORT', String(server.address().port));
  putTool(parley, 'neighbour', { 'tool.yaml': manifest('neighbour', ['python3', 'n.py']), 'n.py': program });
  putTool(parley, 'escape', {
    'tool.yaml': manifest('escape', ['python3', 'escape.py'], 'limits: {memory_mb: 200}\npermissions: [persistence.list_projects]\n').replace('timeout_ms: 2000', 'timeout_ms: 20000'),
    'escape.py': program,
  });
  await isTool(parley, 'escape', 'ready');
  names = (await callTool(parley, 'escape', { text: 'names' })).result.text.split('\n');
});
after(async () => {
  server?.close();
  await parley?.stop();
});

test('no attempt gets anywhere, and the tool lives on', async (t) => {
  assert.ok(names.length >= 60, `${names.length} attempts`);
  const got = [];
  for (const name of names) {
    if (isSanitized && ['memory', 'thread bomb'].includes(name)) continue; // what stops them is the limit of memory, which is off there
    const { code, result, text } = await callTool(parley, 'escape', { text: name });
    // A process that is gone has got nothing either (out of memory, out of time).
    const answer = result?.text ?? `refused: ${code} ${text}`;
    if (process.env.SHOW) t.diagnostic(`${name}: ${answer}`);
    // An attempt that failed for a reason of its own shows nothing.
    if (name !== 'descriptors') assert.doesNotMatch(answer, /Too many open files/, name);
    if (!answer.startsWith('refused')) got.push(`${name}: ${answer}`);
    if (code !== 0) await isTool(parley, 'escape', 'ready', 60000);
  }
  assert.deepEqual(got, []);
  t.diagnostic(`${names.length} attempts, 0 escapes`);
});
