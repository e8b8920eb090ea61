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
import { attempt, type Attempt } from "./attempt.ts";
import type { Ending } from "../state/ending.ts";
import { failure } from "./failure.ts";
import { createMachine, type Machine } from "./machine.ts";
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
  close(): void;
}

/**
 * The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. It drives the
 * machine of state/connection-state.ts. Beside it there is only the running request.
 */
export function createConnection(settings: Settings, user: ConnectionUser): Connection {
  const { network, maxEventBytes, trace } = settings;
  const { status, set } = watchedStatus();
  const machine: Machine<ConnectionState, ConnectionInputs> = createMachine<
    ConnectionState,
    ConnectionInputs,
    ConnectionEffects
  >(IDLE, connectionTransition, ({ shown }) => set(shown), {
    ask: () => input("request", user.request()),
    open,
    wait: (lastFailure) => retry.wait(lastFailure),
    end() {
      unwatchNetwork();
      user.onClosed();
    },
  });
  const { input } = machine;
  const retry = createRetry(settings, input);
  const unwatchNetwork = network.subscribe(onNetwork);
  /** The newest request. */
  let request: Attempt<never> | null = null;
  /** Tells it that bytes have arrived, and how many milliseconds of silence are too many from then on. */
  let onLife: (patience?: number) => void = () => {};

  function onNetwork(): void {
    if (network.isOnline()) {
      request?.look();
      input("online", null);
    } else {
      end({ reason: "offline" });
    }
  }

  function isRequesting(): boolean {
    return machine.state.kind === "requesting";
  }

  function open(asked: EventRequest): () => void {
    const opened = attempt(settings, asked, "text/event-stream", read);
    request = opened;
    opened.result.catch((ending: Ending) => machine.state.begun === asked && end(ending));
    return () => opened.end({ reason: "closed" });
  }

  function end(ending: Ending): void {
    const { reason, channels } = ending;
    if (!isRequesting()) {
      return;
    }
    trace("debug", "end", { detail: reason });
    if (channels && user.onRefused(channels, reason)) {
      return input("wanted", null);
    }
    // What was called until here may have closed the client.
    if (isRequesting()) {
      retry.plan(ending);
    }
  }

  async function read({ body }: Response, signal: AbortSignal, alive: typeof onLife): Promise<never> {
    onLife = alive;
    const reader = body?.getReader();
    if (!reader) {
      throw failure("bad-response", "a body", 'none; check "fetch"');
    }
    // Some implementations of fetch ignore the signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    const parser = createParser({
      maxEventBytes,
      onRetry: (milliseconds) => (retry.base = milliseconds),
      onEvent(event) {
        // Events after a bye, a reset or the end of the client are ignored.
        if (!signal.aborted) {
          user.onEvent(event);
        }
      },
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        throw failure("network", "a bye", "the end; check proxies");
      }
      alive();
      parser.push(value);
    }
  }

  return {
    status,
    change() {
      if (isRequesting()) {
        trace("debug", "end", { detail: "changed" });
      }
      input("wanted", null);
    },
    hello(heartbeat) {
      onLife(PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT));
      retry.live();
      input("hello", null);
    },
    end,
    close: () => input("close", "closed"),
  };
}
