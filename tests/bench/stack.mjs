// What a bench has started, so that all of it is stopped however the bench ends: the last first.
const STOP_MS = 100000;
const started = [];
let isStopping = false;

// Returns a function that stops it now; later calls do nothing.
export function onEnd(stop) {
  const entry = { stop };
  started.push(entry);
  return async () => {
    const at = started.indexOf(entry);
    if (at < 0) return;
    started.splice(at, 1);
    await stop();
  };
}

// What does not stop must not keep the rest from being stopped.
async function stopWithin(limitMs, stop) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms`)), limitMs)));
  await Promise.race([stop(), late]).catch((error) => console.error(`bench: while stopping: ${error.message}`));
  clearTimeout(timer);
}

export async function stopAll() {
  while (started.length > 0) await stopWithin(STOP_MS, started.pop().stop);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (isStopping) return;
    isStopping = true;
    await stopAll();
    process.exit(130);
  });
}
