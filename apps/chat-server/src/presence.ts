import { randomUUID } from "node:crypto";
import { chat } from "@tidings-apps/chat-contract";
import { systemClock, type Clock, type Hub } from "@tidings/server";

/** How often a value is renewed, in milliseconds: the contract lets it expire after three times as long. */
const RENEWAL = 8_000;
/** How long somebody without a stream counts as here, in milliseconds: a page that is reloaded comes back within it. */
const GRACE = 3_000;

/** Tells who is here, by the streams that are open in this process. */
export interface Presence {
  /** For the hub's `onConnect`. */
  connect(name: string): void;
  /** For the hub's `onDisconnect`. */
  disconnect(name: string): void;
  /**
   * From now on nothing is told. What was told is left to expire: after a restart people come back within seconds, and whoever looks
   * on would see everybody leave and enter at every deploy.
   */
  close(): void;
}

/** One value for each person and process, so that no process speaks for another; that of a process that was killed expires. */
export function createPresence(hub: Hub<typeof chat>, clock: Clock = systemClock): Presence {
  const server = randomUUID();
  /** Open streams of those who are here; none during the grace. */
  const streams = new Map<string, number>();
  /** What calls off the leaving of those in their grace. */
  const leaving = new Map<string, () => void>();
  let closed = false;
  let stopRenewing: (() => void) | null = null;

  const tell = (names: Iterable<string>): void => {
    const batch = Array.from(names, (name) => ({
      address: chat.presence(),
      type: "online" as const,
      data: { name, server },
    }));
    // The next renewal says it again.
    hub.publishAll(batch).catch(console.error);
  };
  const renewLater = (): (() => void) =>
    clock.setTimeout(
      () => {
        if (streams.size > 0) tell(streams.keys());
        stopRenewing = streams.size > 0 ? renewLater() : null;
      },
      RENEWAL,
      true,
    );
  const leave = (name: string): void => {
    streams.delete(name);
    leaving.delete(name);
    const key = chat.presence.events.online.key({ name, server });
    // Otherwise it expires.
    hub.clear(chat.presence(), "online", key).catch(console.error);
  };
  return {
    connect(name) {
      if (closed) return;
      const open = streams.get(name);
      streams.set(name, (open ?? 0) + 1);
      leaving.get(name)?.();
      leaving.delete(name);
      if (open === undefined) tell([name]);
      stopRenewing ??= renewLater();
    },
    disconnect(name) {
      if (closed) return;
      const left = (streams.get(name) ?? 1) - 1;
      streams.set(name, left);
      if (left > 0) return;
      const callOff = clock.setTimeout(() => leave(name), GRACE, true);
      leaving.set(name, callOff);
    },
    close() {
      closed = true;
      stopRenewing?.();
      for (const callOff of leaving.values()) callOff();
    },
  };
}
