// What the agent may only do when a person says so: look, approve, or deny.
import { Alert, Badge, Button, Code, Drawer, Group, Paper, SegmentedControl, Stack, Table, Text, Textarea, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client';
import { commands, useApprovals, useCommand } from '../api/queries';
import { confirm } from '../parts/confirm';
import { ago, moment } from '../parts/format';
import { Page } from '../parts/Page';
import { Empty, Loaded } from '../parts/States';

type Approval = Schemas['ToolApproval'];

const reasons: Record<string, string> = {
  card: 'The tool itself says that a person must approve each call.',
  rule: 'A rule of the business says that a person must approve this tool.',
  effects: 'It cannot be undone, or it is about money.',
};

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const State = ({ state }: { state: string }) => <Badge variant="light" color={state === 'pending' ? 'orange' : 'gray'} tt="none">{state}</Badge>;

function ApprovalView({ approval, onDone }: { approval: Approval; onDone: () => void }) {
  const id = approval.approval_id;
  const [note, setNote] = useState('');
  const finish = { onSuccess: onDone };
  const approve = useCommand(() => commands.approve(id, note), 'Approved: the conversation goes on', ['approvals']);
  const deny = useCommand(() => commands.deny(id, note), 'Denied: the agent is told', ['approvals']);
  return (
    <Stack gap="sm">
      <Group gap="xs"><State state={approval.state} /><Text size="sm" c="dimmed">{moment(approval.asked_at_ms)}</Text></Group>
      <Alert color="orange" title="Why a person is asked">{reasons[approval.reason] ?? approval.reason}</Alert>
      <Text size="sm"><Text span size="xs" c="dimmed">Customer </Text>{approval.address} ({approval.channel}, {approval.of_tenant})</Text>
      <Text size="sm"><Link to={`/turns/${approval.of_tenant}/${approval.conversation_id}/${approval.turn_id}`}>The turn that asked</Link></Text>
      <div><Text size="xs" c="dimmed">It would be given</Text><Code block>{pretty(approval.arguments)}</Code></div>
      {approval.state === 'pending' ? (
        <>
          <Textarea label="Note" description="Told to the agent" value={note} onChange={(event) => setNote(event.currentTarget.value)} maxLength={1000} autosize minRows={2} />
          <Group justify="space-between">
            <Button variant="subtle" color="red" loading={deny.isPending} onClick={() => confirm({
              title: `Deny ${approval.tool}?`, label: 'Deny', isDangerous: true, run: () => deny.mutate(undefined, finish),
              text: 'It is not done. The agent is told and answers the customer.' })}>Deny</Button>
            <Button loading={approve.isPending} onClick={() => confirm({
              title: `Approve ${approval.tool}?`, label: 'Approve', run: () => approve.mutate(undefined, finish),
              text: 'It is done once, exactly as shown, and the conversation goes on.' })}>Approve</Button>
          </Group>
        </>
      ) : <Text size="sm" c="dimmed">{approval.decided_by && `By ${approval.decided_by}. `}{approval.note}</Text>}
    </Stack>
  );
}

function Rows({ approvals, onOpen }: { approvals: Approval[]; onOpen: (id: string) => void }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={640}>
        <Table highlightOnHover>
          <Table.Thead><Table.Tr>
            <Table.Th scope="col">Tool</Table.Th><Table.Th scope="col">With</Table.Th><Table.Th scope="col">Customer</Table.Th>
            <Table.Th scope="col">Tenant</Table.Th><Table.Th scope="col" className="number">Asked</Table.Th><Table.Th scope="col">State</Table.Th>
          </Table.Tr></Table.Thead>
          <Table.Tbody>
            {approvals.map((approval) => (
              <Table.Tr key={approval.approval_id}>
                <Table.Td><UnstyledButton className="row-link" fz="sm" onClick={() => onOpen(approval.approval_id)}>{approval.tool}</UnstyledButton></Table.Td>
                <Table.Td maw={320}><Text size="sm" className="clip" title={approval.arguments}>{approval.arguments}</Text></Table.Td>
                <Table.Td>{approval.address}</Table.Td><Table.Td>{approval.of_tenant}</Table.Td>
                <Table.Td className="number">{ago(approval.asked_at_ms)}</Table.Td><Table.Td><State state={approval.state} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

export function Approvals() {
  const [view, setView] = useState('open');
  const [openId, setOpenId] = useState('');
  const query = useApprovals(view === 'all');
  const open = query.data?.approvals.find((approval) => approval.approval_id === openId);
  return (
    <Page title="Approvals" text="What the agent wants to do and may only do when a person says so."
      actions={<SegmentedControl size="xs" value={view} onChange={setView} aria-label="Which" data={[{ value: 'open', label: 'Open' }, { value: 'all', label: 'All' }]} />}>
      <Loaded query={query}>
        {({ approvals }) => approvals.length === 0
          ? <Empty title={view === 'open' ? 'Nothing waits' : 'Nothing ever waited'}>The agent asks here before it does what cannot be undone.</Empty>
          : <Rows approvals={approvals} onOpen={setOpenId} />}
      </Loaded>
      {open && (
        <Drawer opened onClose={() => setOpenId('')} position="right" size="lg" title={open.tool} closeButtonProps={{ 'aria-label': 'Close' }}>
          <ApprovalView key={open.approval_id} approval={open} onDone={() => setOpenId('')} />
        </Drawer>
      )}
    </Page>
  );
}
