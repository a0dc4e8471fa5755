// The live feed: one WebSocket for the whole console, a short history of snapshots, and what happened.
// It comes back by itself; what it shows meanwhile says how old it is.
import { useSyncExternalStore } from 'react';
import type { Schemas } from '../api/client';

export type Instance = Schemas['InstanceView'];
export type Edge = Schemas['EdgeView'];
export type ServiceRow = Schemas['ServiceView'];

export interface Snapshot {
  type: 'snapshot';
  at_ms: number;
  status: Schemas['StatusReply'] | null;
  services: Schemas['ServicesReply'] | null;
  edges: Schemas['EdgesReply'] | null;
}
export interface FeedEvent {
  type: 'event';
  seq: number;
  at_ms: number;
  kind: string;
  service: string;
  instance: string;
  text: string;
}

export type Connection = 'connecting' | 'live' | 'lost';

export interface Feed {
  connection: Connection;
  snapshot: Snapshot | undefined;
  history: readonly Snapshot[]; // oldest first, the newest last
  events: readonly FeedEvent[]; // newest first
}

const historyCount = 120;
const eventsCount = 200;
const firstRetryMs = 500;
const lastRetryMs = 10000;
// The feed speaks every second: silence this long is a dead connection.
const silenceMs = 8000;

class FeedStore {
  private feed: Feed = { connection: 'connecting', snapshot: undefined, history: [], events: [] };
  private listeners = new Set<() => void>();
  private socket: WebSocket | undefined;
  private retryMs = firstRetryMs;
  private retryTimer: number | undefined;
  private silenceTimer: number | undefined;
  private isWanted = false;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  get = (): Feed => this.feed;

  start(): void {
    this.isWanted = true;
    if (!this.socket) this.open();
  }

  stop(): void {
    this.isWanted = false;
    window.clearTimeout(this.retryTimer);
    window.clearTimeout(this.silenceTimer);
    this.socket?.close();
    this.socket = undefined;
    this.set({ connection: 'connecting', snapshot: undefined, history: [], events: [] });
  }

  private set(change: Partial<Feed>): void {
    this.feed = { ...this.feed, ...change };
    this.listeners.forEach((listener) => listener());
  }

  private open(): void {
    const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${window.location.host}/api/v1/live`);
    this.socket = socket;
    socket.onmessage = (message) => this.take(JSON.parse(String(message.data)) as Snapshot | FeedEvent);
    socket.onclose = () => {
      if (this.socket === socket) this.lose();
    };
    this.watchSilence();
  }

  private lose(): void {
    window.clearTimeout(this.silenceTimer);
    this.socket = undefined;
    this.set({ connection: 'lost' });
    if (!this.isWanted) return;
    this.retryTimer = window.setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, lastRetryMs);
  }

  private watchSilence(): void {
    window.clearTimeout(this.silenceTimer);
    this.silenceTimer = window.setTimeout(() => {
      const socket = this.socket;
      this.lose();
      socket?.close();
    }, silenceMs);
  }

  private take(message: Snapshot | FeedEvent): void {
    this.watchSilence();
    this.retryMs = firstRetryMs;
    if (message.type === 'snapshot')
      this.set({
        connection: 'live',
        snapshot: message,
        history: [...this.feed.history, message].slice(-historyCount),
      });
    else if (message.type === 'event')
      this.set({ events: [message, ...this.feed.events].slice(0, eventsCount) });
  }
}

export const feedStore = new FeedStore();

export function useFeed(): Feed {
  return useSyncExternalStore(feedStore.subscribe, feedStore.get);
}
