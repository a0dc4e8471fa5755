// Loading, empty and failed: the same on every page.
import { Alert, Button, Center, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';

export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => <Skeleton key={index} height={28} radius="sm" />)}
    </Stack>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center py="xl">
      <Stack align="center" gap={6} maw={420}>
        <ThemeIcon variant="light" color="gray" size="xl" radius="xl"><IconInbox size={22} aria-hidden /></ThemeIcon>
        <Text fw={500}>{title}</Text>
        {children && <Text size="sm" c="dimmed" ta="center">{children}</Text>}
      </Stack>
    </Center>
  );
}

export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const code = error instanceof ApiError ? error.problem.code : undefined;
  return (
    <Alert color="red" icon={<IconAlertTriangle size={18} aria-hidden />} title="This could not be read" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message}{code ? ` (${code})` : ''}</Text>
        {retry && <Button size="xs" variant="light" color="red" onClick={retry}>Try again</Button>}
      </Stack>
    </Alert>
  );
}

// One of the three, or the content.
export function Loaded<T>({ query, children }: {
  query: { data: T | undefined; error: Error | null; refetch: () => unknown };
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}
