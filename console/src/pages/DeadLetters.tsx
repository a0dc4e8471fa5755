// What could not be done and was set aside: look, mend, send again, or drop.
import { Alert, Badge, Button, Drawer, Group, JsonInput, Paper, SegmentedControl, Stack, Table, Text, Textarea, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { commands, useCommand, useDeadLetter, useDeadLetters } from '../api/queries';
import { confirm } from '../parts/confirm';
import { ago, count, moment } from '../parts/format';
import { decode, encode, fromHex, toHex, type Value } from '../parts/msgpack';
import { Page } from '../parts/Page';
import { Empty, Loaded } from '../parts/States';

type Letter = Schemas['DeadLetter'];

const titleOf = (letter: Letter): string =>
  letter.kind === 'call' ? `${letter.service}.${letter.method}` : `${letter.kind} message`;

// The body as people edit it, and back. A call's body is hexadecimal msgpack.
function textOf(letter: Letter): { text: string; isJson: boolean } {
  if (letter.kind !== 'call') return { text: letter.body, isJson: false };
  try {
    return { text: JSON.stringify(decode(fromHex(letter.body)), null, 2), isJson: true };
  } catch {
    return { text: letter.body, isJson: false };
  }
}

function bodyOf(text: string, isJson: boolean): string {
  return isJson ? toHex(encode(JSON.parse(text) as Value)) : text;
}

function isParsable(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function Fact({ label, value }: { label: string; value: string }) {
  if (value === '') return null;
  return <Text size="sm"><Text span size="xs" c="dimmed">{label} </Text>{value}</Text>;
}

function LetterView({ letter, onDone }: { letter: Letter; onDone: () => void }) {
  const id = letter.dead_letter_id;
  const original = textOf(letter);
  const [text, setText] = useState(original.text);
  const changes = ['dead-letters', 'dead-letter'];
  const save = useCommand(() => commands.updateDeadLetter(id, bodyOf(text, original.isJson)), 'The message is changed', changes);
  const retry = useCommand(() => commands.retryDeadLetter(id), 'The message is on its way again', changes);
  const drop = useCommand(() => commands.dropDeadLetter(id), 'The message is dropped', changes);
  const isOpen = letter.resolved_at_ms === 0;
  const isChanged = text !== original.text;
  const isBad = original.isJson && !isParsable(text);
  const finish = { onSuccess: onDone };
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Badge variant="light" color={isOpen ? 'orange' : 'gray'} tt="none">{isOpen ? 'open' : letter.resolution}</Badge>
        <Text size="sm" c="dimmed">{moment(letter.created_at_ms)}</Text>
      </Group>
      <Alert color="orange" title="Why it is here">{letter.reason || 'no reason was given'}</Alert>
      <Stack gap={2}>
        <Fact label="Tenant" value={letter.of_tenant} /><Fact label="Caller" value={letter.caller} />
        <Fact label="Last worker" value={letter.last_worker} /><Fact label="Attempts" value={letter.attempts > 0 ? count(letter.attempts) : ''} />
        <Fact label="Cause of each attempt" value={letter.causes} /><Fact label="Lane" value={letter.lane_key} />
        <Fact label="Idempotency key" value={letter.idempotency_key} /><Fact label="Trace" value={letter.trace} />
      </Stack>
      {original.isJson
        ? <JsonInput label="Message" value={text} onChange={setText} autosize minRows={6} maxRows={22} readOnly={!isOpen} validationError="This is not JSON" formatOnBlur styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }} />
        : <Textarea label="Message" value={text} onChange={(event) => setText(event.currentTarget.value)} autosize minRows={4} maxRows={22} readOnly={!isOpen} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }} />}
      {isOpen && (
        <Group justify="space-between">
          <Button variant="subtle" color="red" loading={drop.isPending} onClick={() => confirm({
            title: 'Drop this message?', label: 'Drop', isDangerous: true, run: () => drop.mutate(undefined, finish),
            text: 'It will never be sent. The row stays, marked as dropped.' })}>Drop</Button>
          <Group gap="xs">
            <Button variant="default" disabled={!isChanged || isBad} loading={save.isPending} onClick={() => save.mutate(undefined)}>Save change</Button>
            <Button disabled={isChanged} loading={retry.isPending} onClick={() => confirm({
              title: 'Send this message again?', label: 'Send again', run: () => retry.mutate(undefined, finish),
              text: 'It goes into its lane, as a new call. If it fails as before it comes back here.' })}>Retry</Button>
          </Group>
        </Group>
      )}
    </Stack>
  );
}

function LetterDrawer({ id, onClose }: { id: number; onClose: () => void }) {
  const query = useDeadLetter(id);
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={query.data ? titleOf(query.data) : 'Dead letter'} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Loaded query={query}>{(letter) => <LetterView key={letter.body} letter={letter} onDone={onClose} />}</Loaded>
    </Drawer>
  );
}

function Rows({ letters, onOpen }: { letters: Letter[]; onOpen: (id: number) => void }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={720}>
        <Table highlightOnHover>
          <Table.Thead><Table.Tr>
            <Table.Th scope="col">Message</Table.Th><Table.Th scope="col">Why</Table.Th><Table.Th scope="col">Tenant</Table.Th>
            <Table.Th scope="col" className="number">Attempts</Table.Th><Table.Th scope="col" className="number">Set aside</Table.Th><Table.Th scope="col">State</Table.Th>
          </Table.Tr></Table.Thead>
          <Table.Tbody>
            {letters.map((letter) => (
              <Table.Tr key={letter.dead_letter_id}>
                <Table.Td><UnstyledButton className="row-link" fz="sm" onClick={() => onOpen(letter.dead_letter_id)}>{titleOf(letter)}</UnstyledButton></Table.Td>
                <Table.Td maw={360}><Text size="sm" className="clip" title={letter.reason}>{letter.reason}</Text></Table.Td>
                <Table.Td>{letter.of_tenant}</Table.Td>
                <Table.Td className="number">{count(letter.attempts || letter.seen_count)}</Table.Td>
                <Table.Td className="number">{ago(letter.created_at_ms)}</Table.Td>
                <Table.Td><Badge variant="light" color={letter.resolved_at_ms === 0 ? 'orange' : 'gray'} tt="none">{letter.resolved_at_ms === 0 ? 'open' : letter.resolution}</Badge></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

export function DeadLetters() {
  const [view, setView] = useState('open');
  const [pages, setPages] = useState<number[]>([0]);
  const [openId, setOpenId] = useState(0);
  const query = useDeadLetters(pages.at(-1) ?? 0, view === 'all');
  return (
    <Page title="Dead letters" text="Messages that failed again and again. Nothing here is lost: mend it, send it again, or drop it."
      actions={<SegmentedControl size="xs" value={view} onChange={(value) => { setView(value); setPages([0]); }} aria-label="Which" data={[{ value: 'open', label: 'Open' }, { value: 'all', label: 'All' }]} />}>
      <Loaded query={query}>
        {({ letters }) => letters.length === 0
          ? <Empty title={view === 'open' ? 'No open dead letter' : 'No dead letter'}>Every message found its way.</Empty>
          : <Rows letters={letters} onOpen={setOpenId} />}
      </Loaded>
      <Group justify="flex-end" gap="xs">
        {pages.length > 1 && <Button size="xs" variant="default" onClick={() => setPages(pages.slice(0, -1))}>Newer</Button>}
        {query.data?.letters.length === 100 && <Button size="xs" variant="default" onClick={() => setPages([...pages, query.data?.letters.at(-1)?.dead_letter_id ?? 0])}>Older</Button>}
      </Group>
      {openId !== 0 && <LetterDrawer id={openId} onClose={() => setOpenId(0)} />}
    </Page>
  );
}
