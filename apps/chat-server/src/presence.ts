import { randomUUID } from "node:crypto";
import { chat } from "@tidings-apps/chat-contract";
import { systemClock, type Clock, type Hub } from "@tidings/server";

/** Milliseconds between two renewals of a value. By the contract, a value expires after three times as long. */
const RENEWAL_INTERVAL = 8_000;
/**
 * Milliseconds for which a person without a stream stays online: a page that is reloaded comes back within this time.
 */
const GRACE = 3_000;
/**
 * The most people that a process publishes as online. Everybody gets a value for each of them, and a program could sign
 * in under any number of names. Others are shown when somebody has left.
 */
export const MOST_ONLINE = 500;

/** Publishes who is online, from the streams that are open in this process. */
export interface Presence {
  /** Call it in the hub's `onConnect`. */
  connect(name: string): void;
  /** Call it in the hub's `onDisconnect`. */
  disconnect(name: string): void;
  /**
   * Publishes nothing from now on, and lets the published values expire. After a restart people come back within
   * seconds; if everybody were removed here, all others would see them leave and come back at every deploy.
   */
  close(): void;
}

/**
 * Creates the presence of one process. There is one value for each person and process, so a process never speaks for
 * another one. The values of a process that was killed expire.
 */
export function createPresence(hub: Hub<typeof chat>, clock: Clock = systemClock): Presence {
  const server = randomUUID();
  /** The number of open streams of everybody who is online. It is 0 during the grace time. */
  const streams = new Map<string, number>();
  /** Those of them whose values are published. */
  const shown = new Set<string>();
  /** Cancels the end of the grace time, for each person who is in it. */
  const graceTimers = new Map<string, () => void>();
  let closed = false;
  let stopRenewing: (() => void) | null = null;

  // The timers run in the background: the process may end before they have run.
  const startTimer = (milliseconds: number, task: () => void) => clock.setTimeout(task, milliseconds, true);
  const publishOnline = (names: Iterable<string>): void => {
    const batch = Array.from(names, (name) => ({
      address: chat.presence(),
      type: "online" as const,
      data: { name, server },
    }));
    // After a failure, the next renewal publishes the values again.
    hub.publishAll(batch).catch(console.error);
  };
  /** Publishes a person if there is room. */
  const show = (name: string): void => {
    if (shown.size >= MOST_ONLINE) {
      return;
    }
    shown.add(name);
    publishOnline([name]);
  };
  const renewLater = (): (() => void) =>
    startTimer(RENEWAL_INTERVAL, () => {
      const isAnybodyOnline = streams.size > 0;
      for (const name of streams.keys()) {
        if (shown.size < MOST_ONLINE) shown.add(name);
      }
      if (isAnybodyOnline) publishOnline(shown);
      stopRenewing = isAnybodyOnline ? renewLater() : null;
    });
  const leave = (name: string): void => {
    streams.delete(name);
    graceTimers.delete(name);
    shown.delete(name);
    const key = chat.presence.events.online.key({ name, server });
    // After a failure, the value expires.
    hub.clear(chat.presence(), "online", key).catch(console.error);
  };
  return {
    connect(name) {
      if (closed) return;
      const open = streams.get(name);
      streams.set(name, (open ?? 0) + 1);
      graceTimers.get(name)?.();
      graceTimers.delete(name);
      if (open === undefined) show(name);
      stopRenewing ??= renewLater();
    },
    disconnect(name) {
      if (closed) return;
      const open = (streams.get(name) ?? 1) - 1;
      streams.set(name, open);
      if (open > 0) return;
      if (!shown.has(name)) {
        streams.delete(name);
        return;
      }
      const cancel = startTimer(GRACE, () => leave(name));
      graceTimers.set(name, cancel);
    },
    close() {
      closed = true;
      stopRenewing?.();
      for (const cancel of graceTimers.values()) cancel();
    },
  };
}
