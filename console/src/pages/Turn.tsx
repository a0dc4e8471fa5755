// One customer message from its arrival to its last status.
import { Alert, Anchor, Badge, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link, useParams } from 'react-router';
import type { Schemas } from '../api/client';
import { useToolExecutions, useTrace, useTurn } from '../api/queries';
import { callRows, stageRows } from '../parts/hops';
import { clock, millis, moment } from '../parts/format';
import { Page } from '../parts/Page';
import { Failed, Loaded, Loading } from '../parts/States';
import { Waterfall, type WaterfallRow } from '../parts/Waterfall';

type Turn = Schemas['GetTurnReply'];

const bar = (startMs: number, endMs: number, color: string, label: string) => ({ startUs: startMs * 1000, endUs: endMs * 1000, color, label });

// From the rows of the database: good for every turn, whether it was traced or not.
function storyRows(turn: Turn): WaterfallRow[] {
  const started = turn.committed_at_ms - turn.duration_ms;
  const rows: WaterfallRow[] = [];
  const arrived = Math.min(...turn.inbound.map((message) => message.received_at_ms), started);
  if (turn.inbound.length > 0 && started > arrived)
    rows.push({ key: 'wait', name: 'Waits for its turn', bars: [bar(arrived, started, 'gray-5', 'waits')], tookUs: (started - arrived) * 1000 });
  rows.push({ key: 'turn', name: 'Understand and answer', bars: [bar(started, turn.committed_at_ms, 'teal-6', 'turn')], tookUs: turn.duration_ms * 1000 });
  turn.outbound.forEach((message, index) => {
    const name = turn.outbound.length > 1 ? `Answer ${index + 1}` : 'Answer';
    const steps: [string, number, number, string][] = [
      ['sent', message.created_at_ms, message.sent_at_ms || message.failed_at_ms, message.failed_at_ms ? 'red-6' : 'indigo-5'],
      ['delivered', message.sent_at_ms, message.delivered_at_ms, 'cyan-6'],
      ['read', message.delivered_at_ms || message.sent_at_ms, message.read_at_ms, 'grape-5'],
    ];
    for (const [word, from, to, color] of steps)
      if (from > 0 && to > 0)
        rows.push({ key: `${message.outbox_id} ${word}`, name: `${name} ${message.failed_at_ms && word === 'sent' ? 'failed' : word}`, bars: [bar(from, to, color, word)], tookUs: Math.max(to - from, 0) * 1000, isBad: message.failed_at_ms > 0 && word === 'sent' });
  });
  return rows;
}

function Bubble({ author, text, at, isOurs, state }: { author: string; text: string; at: number; isOurs: boolean; state?: string }) {
  return (
    <Paper p="sm" bg={isOurs ? 'var(--mantine-color-teal-light)' : 'var(--mantine-color-default-hover)'} ml={isOurs ? { base: 'lg', sm: 80 } : 0} mr={isOurs ? 0 : { base: 'lg', sm: 80 }}>
      <Group justify="space-between" gap="xs"><Text size="xs" c="dimmed">{author}</Text><Text size="xs" c="dimmed">{clock(at)}{state ? ` · ${state}` : ''}</Text></Group>
      <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} dir="auto">{text || '(no text)'}</Text>
    </Paper>
  );
}

function Facts({ turn }: { turn: Turn }) {
  const facts: [string, string][] = [
    ['Language', `${turn.language} (${Math.round(turn.language_confidence * 100)} %)`],
    ['Intent', `${turn.intent || 'none'} (${Math.round(turn.confidence * 100)} %)`],
    ['Sentiment', turn.sentiment], ['Risk', turn.risk || 'none'], ['Answered by', turn.path],
    ['Decision', turn.decision.toLowerCase().replaceAll('_', ' ')], ['Took', millis(turn.duration_ms)], ['Channel', turn.channel],
  ];
  if (turn.superseded_count > 0) facts.push(['Plans dropped', `${turn.superseded_count}: the customer wrote more`]);
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

const sure = (intent: string, confidence: number) => `${intent} (${Math.round(confidence * 100)} %)`;

const outcomes: Record<string, string> = {
  answered: 'believed', repaired: 'believed, after one repair', invalid: 'not used: its answers were not what was asked for', failed: 'gave no answer',
};

// What a model said when the built-in classifier was not sure.
function SecondLook({ look }: { look: Schemas['Understanding'] }) {
  const facts: [string, string][] = [
    ['Built-in', `${sure(look.builtin_intent, look.builtin_confidence)}, sure from ${Math.round(look.threshold * 100)} %`],
    ['Model', look.model || 'none'], ['Its answer', `${outcomes[look.outcome] ?? look.outcome}${look.error_code ? `: ${look.error_code}` : ''}`],
  ];
  if (look.model_intent)
    facts.push(['It says', sure(look.model_intent, look.model_confidence)], ['Sentiment', look.model_sentiment], ['Risk', look.model_risk.join(', ') || 'none']);
  return (
    <Paper withBorder p="sm">
      <Title order={2} mb="xs">A second look</Title>
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="xs" component="dl" m={0}>
        {facts.map(([label, value]) => (
          <div key={label}><Text size="xs" c="dimmed" component="dt">{label}</Text><Text size="sm" component="dd" m={0}>{value}</Text></div>
        ))}
      </SimpleGrid>
      {look.situation && <Text size="sm" mt="xs">{look.situation}</Text>}
      {look.entities.length > 0 && (
        <Group gap="xs" mt="xs">
          {look.entities.map((entity, index) => <Badge key={index} variant="default" tt="none">{`${entity.type}: ${entity.value || entity.text}`}</Badge>)}
        </Group>
      )}
    </Paper>
  );
}

function Hops({ turnId }: { turnId: string }) {
  const trace = useTrace(turnId);
  if (trace.error)
    return (
      <Alert color="gray" title="No hops of this turn">
        <Text size="sm">The broker follows a share of all traces (errors and slow ones always) and keeps the newest. Raise the share with the command tracing to see more.</Text>
      </Alert>
    );
  if (!trace.data) return <Loading />;
  const stages = stageRows(trace.data.hops);
  const calls = callRows(trace.data.hops);
  return (
    <Stack gap="md">
      {stages.length > 0 && <div><Title order={2} mb="xs">Stages</Title><Waterfall rows={stages} label="Stages of the turn" /></div>}
      {calls.length > 0 && (
        <div>
          <Group justify="space-between" mb="xs">
            <Title order={2}>Hops</Title>
            <Group gap="sm"><Text size="xs" c="dimmed">■ waited in the queue</Text><Text size="xs" c="teal">■ worked</Text></Group>
          </Group>
          <Waterfall rows={calls} label="Calls on the bus" />
        </div>
      )}
    </Stack>
  );
}

// Nothing for turns that used no tool.
function Tools({ tenant, turnId }: { tenant: string; turnId: string }) {
  const query = useToolExecutions(tenant, turnId);
  if (!query.data || query.data.executions.length === 0) return null;
  return (
    <Paper withBorder p="sm">
      <Title order={2} mb="xs">Tools</Title>
      <Stack gap="xs">
        {query.data.executions.map((row) => (
          <div key={row.step_key}>
            <Group gap="xs"><Text size="sm" fw={500}>{row.tool}</Text><Badge variant="light" color={row.outcome === 'ok' ? 'teal' : 'orange'} tt="none">{row.reason ? `${row.outcome}: ${row.reason}` : row.outcome}</Badge><Text size="xs" c="dimmed">{millis(row.duration_ms)}</Text></Group>
            <Text size="xs" c="dimmed" className="clip" title={row.arguments}>{row.arguments}</Text>
            <Text size="xs" className="clip" title={row.result}>{row.result}</Text>
          </div>
        ))}
      </Stack>
    </Paper>
  );
}

function TurnView({ tenant, turn }: { tenant: string; turn: Turn }) {
  return (
    <>
      {turn.error_code && <Alert color="red" title={`Answered with the last resort: ${turn.error_code}`} />}
      {turn.superseded_at_ms > 0 && <Alert color="gray" title="Superseded: a later turn has these messages" />}
      {turn.handoff_reason && <Alert color="orange" title={`Handed to a person: ${turn.handoff_reason}`} />}
      <Stack gap="xs">
        {turn.inbound.map((message) => <Bubble key={message.external_id} author={turn.contact_name || 'Customer'} text={message.text} at={message.received_at_ms} isOurs={false} />)}
        {turn.outbound.map((message) => <Bubble key={message.outbox_id} author="Bot" text={message.text} at={message.created_at_ms} isOurs state={message.error_code ? `${message.state}: ${message.error_code}` : message.state} />)}
      </Stack>
      <Facts turn={turn} />
      {turn.understanding?.outcome && <SecondLook look={turn.understanding} />}
      <Tools tenant={tenant} turnId={turn.turn_id} />
      <Paper withBorder p="sm"><Title order={2} mb="xs">From arrival to reading</Title><Waterfall rows={storyRows(turn)} label="The message over time" /></Paper>
      <Paper withBorder p="sm"><Hops turnId={turn.turn_id} /></Paper>
    </>
  );
}

export function TurnPage() {
  const { tenant = '', conversation = '', turn = '' } = useParams();
  const query = useTurn(tenant, conversation, turn);
  return (
    <Page title="Turn" text={query.data ? moment(query.data.committed_at_ms) : undefined}
      actions={<Group gap="xs"><Badge variant="default" tt="none">{tenant}</Badge><Anchor component={Link} to={`/turns?tenant=${encodeURIComponent(tenant)}`} size="sm">All turns</Anchor></Group>}>
      {query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loaded query={query}>{(data) => <TurnView tenant={tenant} turn={data} />}</Loaded>}
    </Page>
  );
}
