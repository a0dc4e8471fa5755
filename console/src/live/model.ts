// Views of snapshots: services with their instances, rates, health.
import type { Edge, Feed, Instance, ServiceRow, Snapshot } from './feed';

export type Health = 'good' | 'busy' | 'bad' | 'off';

export interface Service {
  name: string;
  instances: Instance[];
  ready: number;
  queued: number;
  inFlight: number;
  calls: number;
  errors: number;
  restarts: number;
  p50Us: number;
  p95Us: number;
  p99Us: number;
  ratePerS: number;
  errorsPerS: number;
  health: Health;
  row: ServiceRow | undefined;
}

export interface Flow extends Edge {
  ratePerS: number;
}

const sum = (rows: Instance[], value: (row: Instance) => number): number => rows.reduce((total, row) => total + value(row), 0);
const most = (rows: Instance[], value: (row: Instance) => number): number => rows.reduce((high, row) => Math.max(high, value(row)), 0);

// Counters start again with their process; a smaller number is a new start, not a negative rate.
export function rate(now: number, before: number, seconds: number): number {
  return seconds > 0 && now >= before ? (now - before) / seconds : 0;
}

// The snapshot some seconds ago, so that rates are calm.
function earlier(feed: Feed, seconds: number): Snapshot | undefined {
  const newest = feed.snapshot;
  if (!newest) return undefined;
  const found = feed.history.find((item) => item.at_ms >= newest.at_ms - seconds * 1000);
  return found === newest ? undefined : found;
}

export function instancesOf(snapshot: Snapshot | undefined): Instance[] {
  return (snapshot?.status?.instances ?? []).filter((row) => row.state !== 'client');
}

// An instance that was drained is gone on purpose: no fault, but nobody runs either.
function healthOf(all: Instance[], ready: number, queued: number, row: ServiceRow | undefined): Health {
  const instances = all.filter((item) => item.state !== 'gone');
  if (instances.length === 0) return 'off';
  if (row?.is_parked || ready === 0 || instances.some((item) => item.state === 'parked' || item.state === 'lost')) return 'bad';
  if (row?.is_paused || queued > 0 || ready < instances.length) return 'busy';
  return 'good';
}

export function servicesOf(feed: Feed): Service[] {
  const snapshot = feed.snapshot;
  const before = earlier(feed, 5);
  const seconds = snapshot && before ? (snapshot.at_ms - before.at_ms) / 1000 : 0;
  const rows = new Map((snapshot?.services?.services ?? []).map((row) => [row.name, row]));
  const groups = new Map<string, Instance[]>();
  for (const instance of instancesOf(snapshot)) {
    const group = groups.get(instance.service);
    if (group) group.push(instance);
    else groups.set(instance.service, [instance]);
  }
  for (const name of rows.keys()) if (!groups.has(name) && name !== 'bus') groups.set(name, []);
  const old = new Map<string, Instance[]>();
  for (const instance of instancesOf(before)) old.set(instance.service, [...(old.get(instance.service) ?? []), instance]);
  return [...groups].map(([name, instances]) => {
    const row = rows.get(name);
    const then = old.get(name) ?? [];
    const ready = instances.filter((item) => item.state === 'ready').length;
    const queued = row ? row.queued_control + row.queued_interactive + row.queued_bulk : most(instances, (item) => item.queued);
    const calls = row?.calls ?? sum(instances, (item) => item.calls);
    const errors = row?.errors ?? sum(instances, (item) => item.errors);
    const thenRow = before?.services?.services.find((item) => item.name === name);
    return {
      name, instances, ready, queued, calls, errors, row,
      inFlight: row?.in_flight ?? sum(instances, (item) => item.in_flight),
      restarts: sum(instances, (item) => item.restarts),
      p50Us: row?.p50_us ?? most(instances, (item) => item.p50_us),
      p95Us: row?.p95_us ?? 0,
      p99Us: row?.p99_us ?? most(instances, (item) => item.p99_us),
      ratePerS: rate(calls, thenRow?.calls ?? sum(then, (item) => item.calls), seconds),
      errorsPerS: rate(errors, thenRow?.errors ?? sum(then, (item) => item.errors), seconds),
      health: healthOf(instances, ready, queued, row),
    };
  }).sort((a, b) => a.name.localeCompare(b.name));
}

export function flowsOf(feed: Feed): Flow[] {
  const before = earlier(feed, 5);
  const seconds = feed.snapshot && before ? (feed.snapshot.at_ms - before.at_ms) / 1000 : 0;
  const key = (edge: Edge): string => `${edge.caller} ${edge.service} ${edge.method}`;
  const old = new Map((before?.edges?.edges ?? []).map((edge) => [key(edge), edge.calls]));
  return (feed.snapshot?.edges?.edges ?? []).map((edge) => ({
    ...edge,
    ratePerS: before ? rate(edge.calls, old.get(key(edge)) ?? edge.calls, seconds) : 0,
  }));
}

export interface Series {
  at: number[];
  rate: number[];
  errors: number[];
  p50: number[];
  p95: number[];
  p99: number[];
  queued: number[];
  inFlight: number[];
}

// What a service did in each second of the history.
export function seriesOf(feed: Feed, name: string): Series {
  const series: Series = { at: [], rate: [], errors: [], p50: [], p95: [], p99: [], queued: [], inFlight: [] };
  let before: { at: number; calls: number; errors: number } | undefined;
  for (const snapshot of feed.history) {
    const single = servicesOf({ ...feed, snapshot, history: [] }).find((item) => item.name === name);
    if (!single) continue;
    const at = snapshot.at_ms / 1000;
    if (before) {
      series.at.push(at);
      series.rate.push(rate(single.calls, before.calls, at - before.at));
      series.errors.push(rate(single.errors, before.errors, at - before.at));
      series.p50.push(single.p50Us / 1000);
      series.p95.push(single.p95Us / 1000);
      series.p99.push(single.p99Us / 1000);
      series.queued.push(single.queued);
      series.inFlight.push(single.inFlight);
    }
    before = { at, calls: single.calls, errors: single.errors };
  }
  return series;
}
