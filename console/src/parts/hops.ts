// Hops of a trace as rows of a waterfall: the stages the actor told, and each call with its wait and its
// work.
import type { Schemas } from '../api/client';
import type { Bar, WaterfallRow } from './Waterfall';

type Hop = Schemas['HopView'];

const ends = new Set(['acked', 'failed', 'dead', 'cancelled', 'expired']);
const bad = new Set(['failed', 'dead', 'cancelled', 'expired']);

export function stageRows(hops: Hop[]): WaterfallRow[] {
  return hops.filter((hop) => hop.kind === 'stage').map((hop, index) => ({
    key: `stage ${index}`, name: hop.method, tookUs: hop.work_us,
    bars: [{ startUs: hop.at_us - hop.work_us, endUs: hop.at_us, color: 'indigo-5', label: hop.method }],
  }));
}

function callRow(key: string, hops: Hop[]): WaterfallRow | undefined {
  const first = hops[0];
  const last = hops.at(-1);
  if (!first || !last) return undefined;
  const bars: Bar[] = [];
  let from = first.at_us;
  for (const hop of hops) {
    if (hop.kind === 'sent') {
      if (hop.at_us > from) bars.push({ startUs: from, endUs: hop.at_us, color: 'gray-5', label: 'waited' });
      from = hop.at_us;
    } else if (ends.has(hop.kind) || hop.kind === 'requeued') {
      const isBad = bad.has(hop.kind) || hop.kind === 'requeued';
      bars.push({ startUs: from, endUs: Math.max(hop.at_us, from), color: isBad ? 'red-6' : 'teal-6', label: hop.kind === 'acked' ? 'worked' : hop.kind });
      from = hop.at_us;
    }
  }
  if (bars.length === 0) bars.push({ startUs: first.at_us, endUs: last.at_us, color: 'gray-5', label: last.kind });
  const where = hops.findLast((hop) => hop.instance !== '')?.instance ?? '';
  const err = hops.findLast((hop) => hop.err !== '')?.err ?? '';
  return {
    key, name: `${first.service}.${first.method}`, detail: [`from ${first.caller}`, where && `on ${where}`, err].filter(Boolean).join(', '),
    bars, tookUs: last.at_us - first.at_us, isBad: bad.has(last.kind) || err !== '',
  };
}

export function callRows(hops: Hop[]): WaterfallRow[] {
  const calls = new Map<string, Hop[]>();
  hops.forEach((hop, index) => {
    if (hop.kind === 'stage') return;
    const key = hop.call_id === 0 ? `cast ${index}` : `${hop.caller} ${hop.call_id}`;
    calls.set(key, [...(calls.get(key) ?? []), hop]);
  });
  return [...calls].map(([key, group]) => callRow(key, group)).filter((row) => row !== undefined);
}
