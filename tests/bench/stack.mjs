// What a bench has started, so that all of it is stopped however the bench ends: the last first.
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

export async function stopAll() {
  while (started.length > 0) {
    await started.pop().stop().catch((error) => console.error(`bench: while stopping: ${error.message}`));
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (isStopping) return;
    isStopping = true;
    await stopAll();
    process.exit(130);
  });
}
