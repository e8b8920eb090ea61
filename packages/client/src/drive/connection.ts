import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import {
  connectionTransition,
  IDLE,
  type ConnectionEffects,
  type ConnectionInputs,
  type ConnectionState,
} from "../state/connection-state.ts";
import { watchedStatus, type Reason, type Status, type Watchable } from "../status.ts";
import type { Trace } from "../trace.ts";
import { attempt, type Attempt } from "./attempt.ts";
import type { Ending } from "../state/ending.ts";
import { failure } from "./failure.ts";
import { createMachine } from "./machine.ts";
import { createRetry } from "./retry.ts";

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;

/** What the connection is for. */
export interface ConnectionUser {
  /** What to ask for now. Null when there is nothing to follow. */
  request(): EventRequest | null;
  onEvent(event: ServerSentEvent): void;
  /** The server refuses some paths. Returns whether the next request will be another one. */
  onRefused(paths: readonly string[], reason: Reason): boolean;
  /** The connection has closed, for good. */
  onClosed(): void;
}

export interface Connection {
  readonly status: Watchable<Status>;
  /** What to ask for has changed: asks anew, from where it stands. */
  change(): void;
  /** The server has said hello. @param heartbeat in milliseconds, as the server sent it */
  hello(heartbeat: number): void;
  /** Ends the running request. What follows depends on the ending. */
  end(ending: Ending): void;
  close(reason: Reason): void;
}

/**
 * The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. It drives the machine of
 * state/connection-state.ts, and has no state of its own.
 */
export function createConnection(settings: Settings, trace: Trace, user: ConnectionUser): Connection {
  const { network, clock, maxEventBytes } = settings;
  const status = watchedStatus();
  const retry = createRetry(settings);
  const machine = createMachine<ConnectionState, ConnectionInputs, ConnectionEffects>(IDLE, {
    transition: connectionTransition,
    begunBy,
    onState: ({ shown }) => status.set(shown),
    effects: {
      ask: () => input("request", user.request()),
      open,
      look: () => request?.look(),
      wait: ({ milliseconds }) => machine.begin(clock.setTimeout(() => input("due", null), milliseconds)),
      end() {
        unwatchNetwork();
        user.onClosed();
      },
    },
  });
  const { input } = machine;
  const unwatchNetwork = network.subscribe(onNetwork);
  /** The newest request. */
  let request: Attempt<never> | null = null;
  /** Tells it that bytes have arrived, and how many milliseconds of silence are too many from then on. */
  let onLife: (patience?: number) => void = () => {};

  function onNetwork(): void {
    if (network.isOnline()) {
      input("online", null);
    } else {
      end({ reason: "offline" });
    }
  }

  function isRequesting(): boolean {
    const { kind } = machine.state;
    return kind === "opening" || kind === "live";
  }

  function open(asked: EventRequest): void {
    const opened = attempt(settings, asked, "text/event-stream", read);
    let isWanted = true;
    request = opened;
    machine.begin(() => {
      isWanted = false;
      opened.end({ reason: "closed" });
    });
    opened.result.catch((ending: Ending) => isWanted && end(ending));
  }

  function end(ending: Ending): void {
    const { reason, channels } = ending;
    if (!isRequesting()) {
      return;
    }
    trace.debug("end", { detail: reason });
    // Both may call handlers, which may close the client.
    const isOtherRequest = channels !== undefined && user.onRefused(channels, reason);
    input("ended", { reason, plan: isOtherRequest ? "again" : retry.plan(ending) });
  }

  async function read({ body }: Response, signal: AbortSignal, alive: typeof onLife): Promise<never> {
    onLife = alive;
    const reader = body?.getReader();
    if (!reader) {
      throw failure("bad-response", "a body", 'none; check "fetch"');
    }
    // Not every fetch heeds its signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    const parser = createParser({
      maxEventBytes,
      onRetry: (milliseconds) => (retry.base = milliseconds),
      onEvent(event) {
        // What comes after a bye, a reset or the end of everything is not for us.
        if (!signal.aborted) {
          user.onEvent(event);
        }
      },
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        throw failure("network", 'a "bye" before the end of the stream', "the end; a proxy or a crash may have cut it");
      }
      alive();
      parser.push(value);
    }
  }

  return {
    status,
    change() {
      if (isRequesting()) {
        trace.debug("end", { detail: "changed" });
      }
      input("wanted", null);
    },
    hello(heartbeat) {
      onLife(PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT));
      retry.live();
      input("hello", null);
    },
    end,
    close: (reason) => input("close", reason),
  };
}

/** The request or the timer of a state. */
function begunBy(state: ConnectionState): object | null {
  if (state.kind === "opening" || state.kind === "live") {
    return state.request;
  }
  return state.kind === "retrying" ? state.pause : null;
}
