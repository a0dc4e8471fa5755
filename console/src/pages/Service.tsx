// One service: what it does, its instances with their commands, how they died, what they say.
import { ActionIcon, Badge, Button, Code, Collapse, Group, Menu, Modal, NumberInput, Paper, Select, SimpleGrid, Stack, Switch, Table, Text, Title, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconDotsVertical, IconPlayerPause, IconPlayerPlay, IconRecordMail, IconRefresh, IconScale, IconTransferOut } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useParams } from 'react-router';
import type { Schemas } from '../api/client';
import { commands, useCommand, useLogs, useObituaries } from '../api/queries';
import { useFeed, type Instance } from '../live/feed';
import { flowsOf, seriesOf, servicesOf, type Service as ServiceModel } from '../live/model';
import { HealthMark, StateBadge } from '../parts/Badges';
import { Chart } from '../parts/Chart';
import { confirm } from '../parts/confirm';
import { ago, bytes, clock, count, micros, moment, perSecond, span } from '../parts/format';
import { Page } from '../parts/Page';
import { Empty, Loaded, Loading } from '../parts/States';

const asRate = (value: number): string => (value < 10 ? value.toFixed(1) : count(value));
const asMs = (value: number): string => (value < 10 ? value.toFixed(1) : count(value));

function Charts({ name }: { name: string }) {
  const feed = useFeed();
  const series = useMemo(() => seriesOf(feed, name), [feed, name]);
  return (
    <SimpleGrid cols={{ base: 1, md: 3 }} spacing="xs">
      <Chart title="Throughput" unit="per second" at={series.at} format={asRate} lines={[
        { label: 'calls', color: 'teal', values: series.rate }, { label: 'errors', color: 'red', values: series.errors }]} />
      <Chart title="Latency" unit="ms, last minute" at={series.at} format={asMs} lines={[
        { label: 'p50', color: 'teal', values: series.p50 }, { label: 'p95', color: 'indigo', values: series.p95 }, { label: 'p99', color: 'orange', values: series.p99 }]} />
      <Chart title="Load" unit="calls" at={series.at} format={count} lines={[
        { label: 'in flight', color: 'teal', values: series.inFlight }, { label: 'queued', color: 'orange', values: series.queued }]} />
    </SimpleGrid>
  );
}

function Facts({ service }: { service: ServiceModel }) {
  const row = service.row;
  const facts: [string, string][] = [
    ['Calls', `${count(service.calls)} · ${perSecond(service.ratePerS)}`],
    ['Errors', count(service.errors)],
    ['In flight', count(service.inFlight)],
    ['Queued', row ? `${row.queued_control} control · ${row.queued_interactive} interactive · ${row.queued_bulk} bulk` : count(service.queued)],
    ['Restarts', count(service.restarts)],
  ];
  if (row) facts.push(['Credit left', `${count(row.credit_messages)} messages · ${bytes(row.credit_bytes)}`],
    ['Oldest waits', row.oldest_wait_ms > 0 ? span(row.oldest_wait_ms) : 'nobody waits'], ['Lanes', count(row.lanes)]);
  return (
    <Paper withBorder p="sm">
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs" component="dl" m={0}>
        {facts.map(([label, value]) => (
          <div key={label}><Text size="xs" c="dimmed" component="dt">{label}</Text><Text size="sm" component="dd" m={0}>{value}</Text></div>
        ))}
      </SimpleGrid>
    </Paper>
  );
}

function InstanceMenu({ instance }: { instance: Instance }) {
  const { service } = instance;
  const name = instance.instance;
  const restart = useCommand(() => commands.restart(service, name), `${name} is being restarted`, ['obituaries']);
  const drain = useCommand(() => commands.drain(service, name), `${name} finishes what it has`);
  const pause = useCommand(() => commands.pause(service, name), `${name} is paused`);
  const resume = useCommand(() => commands.resume(service, name), `${name} takes calls again`);
  const tap = useCommand(() => commands.tap(name, 30), `The traffic of ${name} is recorded for 30 seconds`);
  // Focus is back at the button before a dialog opens: the dialog takes it from there, and gives it back.
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Menu position="bottom-end" withinPortal returnFocus={false} onClose={() => button.current?.focus()}>
      <Menu.Target><ActionIcon ref={button} variant="subtle" color="gray" aria-label={`Commands for ${name}`}><IconDotsVertical size={18} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => confirm({
          title: `Restart ${name}?`, label: 'Restart', run: () => restart.mutate(undefined),
          text: 'A new process starts, takes over, and the old one finishes what it has. No call is lost.' })}>Restart</Menu.Item>
        <Menu.Item leftSection={<IconTransferOut size={16} />} onClick={() => confirm({
          title: `Drain ${name}?`, label: 'Drain', isDangerous: true, run: () => drain.mutate(undefined),
          text: 'It gets no new calls, finishes those it has, and stops. It is not started again until the service is scaled or restarted.' })}>Drain</Menu.Item>
        {instance.is_paused
          ? <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => resume.mutate(undefined)}>Resume</Menu.Item>
          : <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => confirm({
            title: `Pause ${name}?`, label: 'Pause', run: () => pause.mutate(undefined),
            text: 'Its process goes on, but it gets no calls until you resume it. Calls wait in the queue or go to other instances.' })}>Pause</Menu.Item>}
        <Menu.Item leftSection={<IconRecordMail size={16} />} onClick={() => confirm({
          title: `Record the traffic of ${name}?`, label: 'Record 30 s', run: () => tap.mutate(undefined),
          text: 'Every message to and from it is written to a file on the broker’s machine for 30 seconds, with customers’ texts in it. `parley tap` reads it.' })}>Record traffic</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Instances({ instances }: { instances: Instance[] }) {
  return (
    <Paper withBorder>
      <Title order={2} p="sm" pb={0}>Instances</Title>
      <Table.ScrollContainer minWidth={780}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Instance</Table.Th><Table.Th scope="col">State</Table.Th>
              <Table.Th scope="col" className="number">pid</Table.Th><Table.Th scope="col" className="number">Up</Table.Th>
              <Table.Th scope="col" className="number">Calls</Table.Th><Table.Th scope="col" className="number">Errors</Table.Th>
              <Table.Th scope="col" className="number">In flight</Table.Th><Table.Th scope="col" className="number">p50</Table.Th>
              <Table.Th scope="col" className="number">p99</Table.Th><Table.Th scope="col" className="number">Restarts</Table.Th>
              <Table.Th><span className="visually-hidden">Commands</span></Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {instances.map((instance) => (
              <Table.Tr key={instance.instance}>
                <Table.Td fw={500}>{instance.instance}</Table.Td>
                <Table.Td><StateBadge state={instance.state} isPaused={instance.is_paused} /></Table.Td>
                <Table.Td className="number">{instance.pid || '–'}</Table.Td>
                <Table.Td className="number">{instance.uptime_ms > 0 ? span(instance.uptime_ms) : '–'}</Table.Td>
                <Table.Td className="number">{count(instance.calls)}</Table.Td>
                <Table.Td className="number">{count(instance.errors)}</Table.Td>
                <Table.Td className="number">{count(instance.in_flight)}</Table.Td>
                <Table.Td className="number">{micros(instance.p50_us)}</Table.Td>
                <Table.Td className="number">{micros(instance.p99_us)}</Table.Td>
                <Table.Td className="number">{count(instance.restarts)}</Table.Td>
                <Table.Td className="number"><InstanceMenu instance={instance} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function verdict(row: Schemas['Obituary']): string {
  if (row.reason === 'signal') return `killed by signal ${row.signal}`;
  if (row.reason === 'exit') return `ended with code ${row.exit_code}`;
  return row.reason.replaceAll('_', ' ');
}

function Obituary({ row }: { row: Schemas['Obituary'] }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  return (
    <Paper withBorder p="xs">
      <UnstyledButton onClick={toggle} w="100%" aria-expanded={isOpen}>
        <Group justify="space-between" wrap="nowrap" gap="xs">
          <Text size="sm"><b>{row.instance}</b> {verdict(row)} <Text span size="xs" c="dimmed">{ago(row.at_ms)}, after {span(row.uptime_ms)}</Text></Text>
          <IconChevronDown size={16} aria-hidden style={{ transform: isOpen ? 'rotate(180deg)' : undefined }} />
        </Group>
      </UnstyledButton>
      <Collapse in={isOpen}>
        <Stack gap={6} mt="xs">
          <Text size="xs" c="dimmed">
            {moment(row.at_ms)} · pid {row.pid} · CPU {row.user_cpu_ms + row.system_cpu_ms} ms · at most {bytes(row.rss_max_kb * 1024)}{row.is_core ? ' · core dumped' : ''}
          </Text>
          {row.method_in_hand && <Text size="sm">At work on <Code>{row.method_in_hand}</Code></Text>}
          {row.backtrace && <Code block tabIndex={0} aria-label="Backtrace">{row.backtrace}</Code>}
          {row.log_lines.length > 0 && <Code block tabIndex={0} aria-label="Last words">{row.log_lines.join('\n')}</Code>}
        </Stack>
      </Collapse>
    </Paper>
  );
}

function Obituaries({ service }: { service: string }) {
  const query = useObituaries(service);
  return (
    <Stack gap="xs">
      <Title order={2}>Obituaries</Title>
      <Loaded query={query}>
        {(data) => data.obituaries.length === 0
          ? <Text size="sm" c="dimmed">None of its processes has died.</Text>
          : <>{data.obituaries.map((row) => <Obituary key={`${row.instance} ${row.at_ms}`} row={row} />)}</>}
      </Loaded>
    </Stack>
  );
}

interface LogLine { time: number; level: string; text: string }

function parseLog(line: string): LogLine {
  try {
    const { time, level, event, service: _service, instance: _instance, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join('  ');
    return { time: Date.parse(String(time)), level: String(level ?? ''), text: `${String(event ?? '')}  ${fields}` };
  } catch {
    return { time: 0, level: '', text: line };
  }
}

const levelColors: Record<string, string> = { error: 'red', fatal: 'red', warn: 'orange' };

function Logs({ service, instances }: { service: string; instances: Instance[] }) {
  const [instance, setInstance] = useState('');
  const [isFollowed, setFollowed] = useState(true);
  const query = useLogs(service, instance, isFollowed);
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Title order={2}>Log</Title>
        <Group gap="sm">
          <Select size="xs" w={170} value={instance} onChange={(value) => setInstance(value ?? '')} aria-label="Instance" allowDeselect={false}
            data={[{ value: '', label: 'All instances' }, ...instances.map((row) => ({ value: row.instance, label: row.instance }))]} />
          <Switch size="xs" label="Follow" checked={isFollowed} onChange={(event) => setFollowed(event.currentTarget.checked)} />
        </Group>
      </Group>
      <Loaded query={query}>
        {(data) => data.lines.length === 0 ? <Text size="sm" c="dimmed">It has said nothing.</Text> : (
          <Paper withBorder p="xs" mah={420} style={{ overflow: 'auto' }} tabIndex={0} aria-label="Log, newest first" className="log">
            {data.lines.map(parseLog).reverse().map((line, index) => (
              <div className="log-line" key={index}>
                <Text span inherit c="dimmed">{line.time ? clock(line.time) : ''}</Text>
                <Text span inherit c={levelColors[line.level] ?? 'dimmed'}>{line.level}</Text>
                <span>{line.text}</span>
              </div>
            ))}
          </Paper>
        )}
      </Loaded>
    </Stack>
  );
}

function Calls({ name }: { name: string }) {
  const feed = useFeed();
  const flows = useMemo(() => flowsOf(feed).filter((flow) => flow.service === name || flow.caller === name), [feed, name]);
  return (
    <Paper withBorder>
      <Title order={2} p="sm" pb={0}>Calls</Title>
      {flows.length === 0 ? <Text size="sm" c="dimmed" p="sm">Nobody has called it, and it has called nobody.</Text> : (
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Thead><Table.Tr>
              <Table.Th scope="col">Caller</Table.Th><Table.Th scope="col">Method</Table.Th><Table.Th scope="col" className="number">Calls</Table.Th>
              <Table.Th scope="col" className="number">Errors</Table.Th><Table.Th scope="col" className="number">Bytes</Table.Th>
              <Table.Th scope="col" className="number">p50</Table.Th><Table.Th scope="col" className="number">p99</Table.Th>
            </Table.Tr></Table.Thead>
            <Table.Tbody>
              {flows.sort((a, b) => b.calls - a.calls).map((flow) => (
                <Table.Tr key={`${flow.caller} ${flow.service} ${flow.method}`}>
                  <Table.Td>{flow.caller}</Table.Td><Table.Td>{flow.service}.{flow.method}</Table.Td>
                  <Table.Td className="number">{count(flow.calls)} <Text span size="xs" c="dimmed">{perSecond(flow.ratePerS)}</Text></Table.Td>
                  <Table.Td className="number">{count(flow.errors)}</Table.Td><Table.Td className="number">{bytes(flow.bytes)}</Table.Td>
                  <Table.Td className="number">{micros(flow.p50_us)}</Table.Td><Table.Td className="number">{micros(flow.p99_us)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paper>
  );
}

function ScaleButton({ service }: { service: ServiceModel }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(service.instances.length);
  const scale = useCommand(() => commands.scale(service.name, wanted), `${service.name} goes to ${wanted}`);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconScale size={16} aria-hidden />} onClick={() => { setWanted(service.instances.length); open(); }}>Scale</Button>
      <Modal opened={isOpen} onClose={close} title={`Scale ${service.name}`} centered>
        <Stack>
          <NumberInput label="Instances" min={1} max={64} value={wanted} onChange={(value) => setWanted(Number(value) || 1)} data-autofocus
            description="New ones join when they are ready; those too many finish what they have first." />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button onClick={() => { scale.mutate(undefined); close(); }} disabled={wanted === service.instances.length}>Scale to {wanted}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

export function Service() {
  const { name = '' } = useParams();
  const feed = useFeed();
  const service = useMemo(() => servicesOf(feed).find((item) => item.name === name), [feed, name]);
  const restart = useCommand(() => commands.restart(name, ''), `${name} is being rolled over`, ['obituaries']);
  if (!feed.snapshot) return <Page title={name}><Loading rows={8} /></Page>;
  if (!service) return <Page title={name}><Empty title={`There is no service “${name}”`}>It may have been removed from parley.yaml.</Empty></Page>;
  return (
    <Page title={name} text={<Group gap="xs" component="span"><HealthMark health={service.health} withWord />{service.row?.is_parked && <Badge color="red" variant="light" tt="none">parked</Badge>}</Group>}
      actions={<>
        <ScaleButton service={service} />
        <Button size="xs" variant="default" leftSection={<IconRefresh size={16} aria-hidden />} loading={restart.isPending} onClick={() => confirm({
          title: `Restart ${name}?`, label: 'Restart', run: () => restart.mutate(undefined),
          text: 'Its instances are replaced one after the other. Each new one is ready before the old one finishes; no call is lost.' })}>Restart</Button>
      </>}>
      <Charts name={name} />
      <Facts service={service} />
      <Instances instances={service.instances} />
      <Calls name={name} />
      <Obituaries service={name} />
      <Logs service={name} instances={service.instances} />
    </Page>
  );
}
