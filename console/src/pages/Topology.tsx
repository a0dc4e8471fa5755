// The broker at a glance: who calls whom, how much, and how each is.
import { Card, Grid, Group, Paper, SegmentedControl, SimpleGrid, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useFeed, type Feed } from '../live/feed';
import { flowsOf, rate, servicesOf, type Flow, type Service } from '../live/model';
import { HealthMark, healthColor, healthWord } from '../parts/Badges';
import { ago, clock, count, micros, perSecond, span } from '../parts/format';
import { Page } from '../parts/Page';
import { Empty, Loading } from '../parts/States';

// Where each actor stands, from the customer's side to the database; others stand in the middle.
const columns: Record<string, number> = {
  cli: 0, ingress: 0, admin: 0, session: 1, translation: 2, intent: 2, flow: 2, agent: 2, model: 2, knowledge: 2,
  delivery: 1, persistence: 3,
};
const nodeWidth = 164;
const nodeHeight = 66;
const columnGap = 96;
const rowGap = 22;

interface Node { name: string; service: Service | undefined; x: number; y: number }
interface Line { caller: string; service: string; ratePerS: number; calls: number; errors: number; methods: Flow[] }

function layout(names: string[], services: Map<string, Service>): { nodes: Map<string, Node>; width: number; height: number } {
  const groups: string[][] = [[], [], [], []];
  for (const name of names) groups[columns[name] ?? 2]?.push(name);
  const rows = Math.max(...groups.map((group) => group.length), 1);
  const height = rows * (nodeHeight + rowGap) - rowGap;
  const nodes = new Map<string, Node>();
  groups.forEach((group, column) => {
    const top = (height - (group.length * (nodeHeight + rowGap) - rowGap)) / 2;
    group.forEach((name, row) => nodes.set(name, {
      name, service: services.get(name),
      x: column * (nodeWidth + columnGap), y: top + row * (nodeHeight + rowGap),
    }));
  });
  return { nodes, width: 4 * nodeWidth + 3 * columnGap, height };
}

function linesOf(flows: Flow[]): Line[] {
  const lines = new Map<string, Line>();
  for (const flow of flows) {
    const key = `${flow.caller} ${flow.service}`;
    const line = lines.get(key) ?? { caller: flow.caller, service: flow.service, ratePerS: 0, calls: 0, errors: 0, methods: [] };
    line.ratePerS += flow.ratePerS;
    line.calls += flow.calls;
    line.errors += flow.errors;
    line.methods.push(flow);
    lines.set(key, line);
  }
  return [...lines.values()].filter((line) => line.service !== 'bus' && line.caller !== line.service);
}

function pathOf(from: Node, to: Node): string {
  const fromY = from.y + nodeHeight / 2;
  const toY = to.y + nodeHeight / 2;
  if (from.x === to.x) {
    const side = from.x + nodeWidth;
    return `M ${side} ${fromY} C ${side + 46} ${fromY}, ${side + 46} ${toY}, ${side} ${toY}`;
  }
  const [start, end] = from.x < to.x ? [from.x + nodeWidth, to.x] : [from.x, to.x + nodeWidth];
  const middle = (start + end) / 2;
  return `M ${start} ${fromY} C ${middle} ${fromY}, ${middle} ${toY}, ${end} ${toY}`;
}

function Edge({ line, nodes, isLit }: { line: Line; nodes: Map<string, Node>; isLit: boolean }) {
  const from = nodes.get(line.caller);
  const to = nodes.get(line.service);
  if (!from || !to) return null;
  const isActive = line.ratePerS > 0;
  return (
    <path d={pathOf(from, to)} className={`edge${isActive ? ' active' : ''}`}
      strokeWidth={isActive ? Math.min(1.5 + Math.log10(1 + line.ratePerS) * 1.6, 6) : 1} opacity={isLit ? 1 : 0.15}>
      <title>{`${line.caller} calls ${line.service}: ${perSecond(line.ratePerS)}, ${count(line.calls)} since the start, ${count(line.errors)} errors`}</title>
    </path>
  );
}

function NodeBox({ node, onOpen, onHover }: { node: Node; onOpen: (name: string) => void; onHover: (name: string) => void }) {
  const { service } = node;
  const health = service?.health ?? 'off';
  const isActor = service !== undefined;
  const label = isActor
    ? `${node.name}: ${healthWord(health)}, ${service.ready} of ${service.instances.length} ready, ${perSecond(service.ratePerS)}, ${service.queued} queued`
    : `${node.name}, outside`;
  return (
    <g className={isActor ? 'node' : undefined} transform={`translate(${node.x} ${node.y})`} role={isActor ? 'link' : 'img'} tabIndex={isActor ? 0 : undefined}
      aria-label={label} onClick={() => isActor && onOpen(node.name)} onMouseEnter={() => onHover(node.name)} onMouseLeave={() => onHover('')}
      onFocus={() => onHover(node.name)} onBlur={() => onHover('')}
      onKeyDown={(event) => { if (event.key === 'Enter' && isActor) onOpen(node.name); }}>
      <rect className="node-box" width={nodeWidth} height={nodeHeight} rx={9} strokeDasharray={isActor ? undefined : '4 4'} />
      <rect x={0} y={12} width={4} height={nodeHeight - 24} rx={2} fill={isActor ? healthColor(health) : 'transparent'} />
      <g className="node" style={{ pointerEvents: 'none' }}>
        <text x={14} y={23} fontSize={14} fontWeight={600}>{node.name}</text>
        <text x={nodeWidth - 12} y={23} fontSize={11} textAnchor="end" className="dim">{isActor ? `${service.ready}/${service.instances.length}` : 'outside'}</text>
        {isActor && <>
          <text x={14} y={42} fontSize={12}>{perSecond(service.ratePerS)}</text>
          <text x={nodeWidth - 12} y={42} fontSize={11} textAnchor="end" className="dim">p99 {micros(service.p99Us)}</text>
          <text x={14} y={57} fontSize={11} className="dim">{service.queued > 0 ? `${count(service.queued)} queued` : 'no queue'}</text>
          <text x={nodeWidth - 12} y={57} fontSize={11} textAnchor="end" className="dim">{service.inFlight} in flight</text>
        </>}
      </g>
    </g>
  );
}

function Graph({ services, lines }: { services: Service[]; lines: Line[] }) {
  const navigate = useNavigate();
  const [hovered, setHovered] = useState('');
  const byName = new Map(services.map((service) => [service.name, service]));
  const names = [...new Set([...services.map((service) => service.name), ...lines.map((line) => line.caller)])].sort();
  const { nodes, width, height } = layout(names, byName);
  return (
    <div className="topology">
      <svg viewBox={`-4 -4 ${width + 60} ${height + 8}`} style={{ width: '100%', minWidth: 680, display: 'block' }} role="group" aria-label="Topology: actors and their calls">
        {lines.map((line) => (
          <Edge key={`${line.caller} ${line.service}`} line={line} nodes={nodes}
            isLit={hovered === '' || hovered === line.caller || hovered === line.service} />
        ))}
        {[...nodes.values()].map((node) => (
          <NodeBox key={node.name} node={node} onHover={setHovered} onOpen={(name) => void navigate(`/services/${name}`)} />
        ))}
      </svg>
    </div>
  );
}

function Cards({ services }: { services: Service[] }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs">
      {services.map((service) => (
        <UnstyledButton key={service.name} component={Link} to={`/services/${service.name}`}>
          <Card withBorder padding="sm">
            <Group justify="space-between" wrap="nowrap">
              <Group gap={8} wrap="nowrap"><HealthMark health={service.health} /><Text fw={600}>{service.name}</Text></Group>
              <Text size="xs" c="dimmed">{service.ready}/{service.instances.length} ready</Text>
            </Group>
            <Group justify="space-between" mt={6} gap="xs">
              <Text size="sm">{perSecond(service.ratePerS)}</Text>
              <Text size="xs" c="dimmed">p99 {micros(service.p99Us)} · {service.queued > 0 ? `${count(service.queued)} queued` : 'no queue'}</Text>
            </Group>
          </Card>
        </UnstyledButton>
      ))}
    </SimpleGrid>
  );
}

function Figure({ label, value, text, color }: { label: string; value: string; text?: string | undefined; color?: string | undefined }) {
  return (
    <Paper withBorder p="sm">
      <Text size="xs" c="dimmed">{label}</Text>
      <Text fz={22} fw={600} lh={1.25} {...(color ? { c: color } : {})}>{value}</Text>
      {text && <Text size="xs" c="dimmed">{text}</Text>}
    </Paper>
  );
}

function Figures({ feed, services }: { feed: Feed; services: Service[] }) {
  const status = feed.snapshot?.status;
  const before = feed.history.at(-6) ?? feed.history[0];
  const seconds = feed.snapshot && before ? (feed.snapshot.at_ms - before.at_ms) / 1000 : 0;
  const perS = (now: number, then: number | undefined): number => rate(now, then ?? now, seconds);
  const queued = services.reduce((total, service) => total + service.queued, 0);
  const ready = services.reduce((total, service) => total + service.ready, 0);
  const all = services.reduce((total, service) => total + service.instances.length, 0);
  const failing = services.filter((service) => service.health === 'bad').length;
  if (!status) return null;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="xs">
      <Figure label="Calls" value={perSecond(perS(status.accepted, before?.status?.accepted))} text={`${count(status.accepted)} accepted`} />
      <Figure label="Errors" value={perSecond(perS(status.failed, before?.status?.failed))} text={`${count(status.failed)} answered with one`} />
      <Figure label="Open" value={count(status.open)} text={`${count(queued)} waiting in queues`} />
      <Figure label="Instances" value={`${ready}/${all}`} text={failing > 0 ? `${failing} failing` : 'all services healthy'} color={failing > 0 ? 'red' : undefined} />
      <Figure label="Requeued" value={count(status.requeued)} text={`${count(status.refused)} refused`} />
      <Figure label="Broker up" value={span(status.uptime_ms)} text={`${count(status.malformed)} malformed`} />
    </SimpleGrid>
  );
}

const eventWords: Record<string, string> = { restarted: 'restarted', state: 'is', joined: 'joined', left: 'left', death: 'died' };

function Happenings({ feed }: { feed: Feed }) {
  return (
    <Paper withBorder p="sm" h="100%">
      <Title order={2} mb="xs">What happened</Title>
      {feed.events.length === 0
        ? <Text size="sm" c="dimmed">Nothing since this page was opened. Deaths, restarts and changes of state appear here.</Text>
        : (
          <Stack gap={6} component="ol" style={{ listStyle: 'none', margin: 0, padding: 0, maxHeight: 320, overflow: 'auto' }} tabIndex={0} aria-label="Events, newest first">
            {feed.events.slice(0, 60).map((event) => (
              <Group key={event.seq} gap="xs" wrap="nowrap" component="li" align="baseline">
                <Text size="xs" c="dimmed" className="mono">{clock(event.at_ms)}</Text>
                <Text size="sm"><b>{event.instance}</b> {eventWords[event.kind] ?? event.kind} {event.text}</Text>
              </Group>
            ))}
          </Stack>
        )}
    </Paper>
  );
}

export function Topology() {
  const feed = useFeed();
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false;
  const [view, setView] = useState('');
  const services = useMemo(() => servicesOf(feed), [feed]);
  const lines = useMemo(() => linesOf(flowsOf(feed)), [feed]);
  const shown = view || (isNarrow ? 'cards' : 'graph');
  return (
    <Page title="Broker" text={feed.snapshot ? `As of ${ago(feed.snapshot.at_ms)}` : 'Waiting for the first snapshot'}
      actions={<SegmentedControl size="xs" value={shown} onChange={setView} aria-label="View" data={[{ value: 'graph', label: 'Topology' }, { value: 'cards', label: 'Services' }]} />}>
      {!feed.snapshot ? <Loading rows={6} /> : services.length === 0 ? <Empty title="No actor is connected" /> : (
        <>
          <Figures feed={feed} services={services} />
          <Paper withBorder p="sm">{shown === 'graph' ? <Graph services={services} lines={lines} /> : <Cards services={services} />}</Paper>
          <Grid gutter="xs">
            <Grid.Col span={{ base: 12, md: 7 }}><Busiest lines={lines} /></Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}><Happenings feed={feed} /></Grid.Col>
          </Grid>
        </>
      )}
    </Page>
  );
}

function Busiest({ lines }: { lines: Line[] }) {
  const flows = lines.flatMap((line) => line.methods).sort((a, b) => b.ratePerS - a.ratePerS || b.calls - a.calls).slice(0, 9);
  return (
    <Paper withBorder p="sm" h="100%">
      <Title order={2} mb="xs">Busiest calls</Title>
      {flows.length === 0 ? <Text size="sm" c="dimmed">No call yet.</Text> : (
        <Stack gap={4}>
          {flows.map((flow) => (
            <Group key={`${flow.caller} ${flow.service} ${flow.method}`} justify="space-between" wrap="nowrap" gap="xs">
              <Text size="sm" className="clip"><Text span c="dimmed" size="sm">{flow.caller} → </Text>{flow.service}.{flow.method}</Text>
              <Text size="sm" className="number">{perSecond(flow.ratePerS)} <Text span size="xs" c="dimmed">p99 {micros(flow.p99_us)}</Text></Text>
            </Group>
          ))}
        </Stack>
      )}
    </Paper>
  );
}
