// What pages read, and the commands they give.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { api, unwrap } from './client';

export const useObituaries = (service: string, maxRows = 20) =>
  useQuery({
    queryKey: ['obituaries', service, maxRows],
    queryFn: () => unwrap(api.GET('/api/v1/obituaries', { params: { query: { service, max_rows: maxRows } } })),
    refetchInterval: 5000,
  });

export const useLogs = (service: string, instance: string, isFollowed: boolean) =>
  useQuery({
    queryKey: ['logs', service, instance],
    queryFn: () => unwrap(api.GET('/api/v1/logs', { params: { query: { service, instance, max_lines: 200 } } })),
    refetchInterval: isFollowed ? 2000 : false,
  });

export const useAcl = () =>
  useQuery({ queryKey: ['acl'], queryFn: () => unwrap(api.GET('/api/v1/acl')) });

export const useTenants = () =>
  useQuery({ queryKey: ['tenants'], queryFn: () => unwrap(api.GET('/api/v1/tenants')) });

// A page begins after the last row of the one before it.
export type TurnsPlace = { beforeMs: number; beforeTurnId: string };
export const NEWEST: TurnsPlace = { beforeMs: 0, beforeTurnId: '' };

export const useTurns = (tenant: string, { beforeMs, beforeTurnId }: TurnsPlace) =>
  useQuery({
    queryKey: ['turns', tenant, beforeMs, beforeTurnId],
    queryFn: () => unwrap(api.GET('/api/v1/turns', { params: { query: { tenant, before_ms: beforeMs, before_turn_id: beforeTurnId, max_rows: 50 } } })),
    enabled: tenant !== '',
    refetchInterval: beforeMs === 0 ? 4000 : false,
  });

export const useTurn = (tenant: string, conversationId: string, turnId: string) =>
  useQuery({
    queryKey: ['turn', tenant, conversationId, turnId],
    queryFn: () =>
      unwrap(api.GET('/api/v1/turns/{turn_id}', {
        params: { path: { turn_id: turnId }, query: { tenant, conversation_id: conversationId } },
      })),
  });

export const useTrace = (trace: string) =>
  useQuery({
    queryKey: ['trace', trace],
    queryFn: () => unwrap(api.GET('/api/v1/traces/{trace}', { params: { path: { trace } } })),
    retry: false,
  });

export const useTraces = () =>
  useQuery({
    queryKey: ['traces'],
    queryFn: () => unwrap(api.GET('/api/v1/traces', { params: { query: { max_rows: 100 } } })),
    refetchInterval: 4000,
  });

export const useDeadLetters = (beforeId: number, withResolved: boolean) =>
  useQuery({
    queryKey: ['dead-letters', beforeId, withResolved],
    queryFn: () =>
      unwrap(api.GET('/api/v1/dead-letters', {
        params: { query: { before_id: beforeId, max_rows: 100, with_resolved: withResolved } },
      })),
    refetchInterval: 5000,
  });

export const useDeadLetter = (id: number) =>
  useQuery({
    queryKey: ['dead-letter', id],
    queryFn: () => unwrap(api.GET('/api/v1/dead-letters/{dead_letter_id}', { params: { path: { dead_letter_id: id } } })),
  });

export const useApprovals = (withDecided: boolean) =>
  useQuery({
    queryKey: ['approvals', withDecided],
    queryFn: () => unwrap(api.GET('/api/v1/approvals', { params: { query: { with_decided: withDecided } } })),
    refetchInterval: 4000,
  });

export const useToolExecutions = (tenant: string, turnId: string) =>
  useQuery({
    queryKey: ['tool-executions', tenant, turnId],
    queryFn: () => unwrap(api.GET('/api/v1/tool-executions', { params: { query: { tenant, turn_id: turnId } } })),
  });

// A command: says what became of it, and makes what it changed be read again.
export function useCommand<Input>(run: (input: Input) => Promise<unknown>, done: string, changes: string[] = []) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async () => {
      notifications.show({ message: done, color: 'teal' });
      await Promise.all(changes.map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
    onError: (error) => {
      notifications.show({ title: 'It did not work', message: error.message, color: 'red', autoClose: 10000 });
    },
  });
}

export const commands = {
  approve: (id: string, note: string) =>
    unwrap(api.POST('/api/v1/approvals/{approval_id}/approve', { params: { path: { approval_id: id } }, body: { note } })),
  deny: (id: string, note: string) =>
    unwrap(api.POST('/api/v1/approvals/{approval_id}/deny', { params: { path: { approval_id: id } }, body: { note } })),
  restart: (service: string, instance: string) =>
    unwrap(api.POST('/api/v1/services/{service}/restart', { params: { path: { service } }, body: { instance } })),
  drain: (service: string, instance: string) =>
    unwrap(api.POST('/api/v1/services/{service}/drain', { params: { path: { service } }, body: { instance } })),
  pause: (service: string, instance: string) =>
    unwrap(api.POST('/api/v1/services/{service}/pause', { params: { path: { service } }, body: { instance } })),
  resume: (service: string, instance: string) =>
    unwrap(api.POST('/api/v1/services/{service}/resume', { params: { path: { service } }, body: { instance } })),
  scale: (service: string, count: number) =>
    unwrap(api.POST('/api/v1/services/{service}/scale', { params: { path: { service } }, body: { count } })),
  tracing: (service: string, samplePpm: number) =>
    unwrap(api.POST('/api/v1/services/{service}/tracing', { params: { path: { service } }, body: { sample_ppm: samplePpm } })),
  tap: (instance: string, seconds: number) =>
    unwrap(api.POST('/api/v1/instances/{instance}/tap', { params: { path: { instance } }, body: { seconds } })),
  retryDeadLetter: (id: number) =>
    unwrap(api.POST('/api/v1/dead-letters/{dead_letter_id}/retry', { params: { path: { dead_letter_id: id } } })),
  dropDeadLetter: (id: number) =>
    unwrap(api.DELETE('/api/v1/dead-letters/{dead_letter_id}', { params: { path: { dead_letter_id: id } } })),
  updateDeadLetter: (id: number, body: string) =>
    unwrap(api.PUT('/api/v1/dead-letters/{dead_letter_id}', { params: { path: { dead_letter_id: id } }, body: { body } })),
};
