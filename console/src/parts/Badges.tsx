import { Badge, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconClockPause } from '@tabler/icons-react';
import type { Health } from '../live/model';

// Colour is never alone: each has its sign and its word.
const healths = {
  good: { color: 'var(--mantine-color-teal-7)', word: 'Healthy', Icon: IconCircleCheck },
  busy: { color: 'var(--mantine-color-yellow-7)', word: 'Busy', Icon: IconClockPause },
  bad: { color: 'var(--mantine-color-red-7)', word: 'Failing', Icon: IconAlertTriangle },
  off: { color: 'var(--mantine-color-gray-6)', word: 'Not running', Icon: IconCircleDashed },
} as const;

export function HealthMark({ health, withWord = false }: { health: Health; withWord?: boolean }) {
  const { color, word, Icon } = healths[health];
  return (
    <Group gap={6} wrap="nowrap" display="inline-flex">
      <Icon size={16} color={color} aria-hidden={withWord} aria-label={withWord ? undefined : word} role="img" />
      {withWord && <Text size="sm" span>{word}</Text>}
    </Group>
  );
}

export const healthColor = (health: Health): string => healths[health].color;
export const healthWord = (health: Health): string => healths[health].word;

const states: Record<string, string> = {
  ready: 'teal', starting: 'blue', draining: 'yellow', stopping: 'yellow', backoff: 'orange', parked: 'red', lost: 'red',
};

export function StateBadge({ state, isPaused = false }: { state: string; isPaused?: boolean }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Badge variant="light" color={states[state] ?? 'gray'} tt="none" fw={500}>{state}</Badge>
      {isPaused && <Badge variant="light" color="yellow" tt="none" fw={500}>paused</Badge>}
    </Group>
  );
}
