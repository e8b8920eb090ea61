import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { connectionTransition, IDLE, type ConnectionInputs, type ConnectionState } from "../state/connection-state.ts";
import { watchedStatus, type Status, type Watchable } from "../status.ts";
import { attempt, type EndRequest } from "./attempt.ts";
import type { Ending } from "../state/ending.ts";
import type { Failed } from "../state/retry.ts";
import { failure } from "./failure.ts";
import { createMachine, type Machine } from "./machine.ts";
import { retryEffects } from "./retry.ts";

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;

/** What the connection is for. */
export interface ConnectionUser {
  /** What to ask for now. Null when there is nothing to follow. */
  request(): EventRequest | null;
  /** @param hello to be called when the server says hello, with its heartbeat in milliseconds, as the server sent it */
  onEvent(event: ServerSentEvent, hello: (heartbeat: number) => void): void;
  /** Tells those whose paths the server refuses. Returns whether the next request will be another one. */
  onRefused(ending: Ending): boolean;
  /** The connection has closed, for good. */
  onClosed(): void;
}

export interface Connection {
  readonly status: Watchable<Status>;
  readonly input: Machine<ConnectionState, ConnectionInputs>["input"];
}

/**
 * The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. It drives the
 * machine of state/connection-state.ts.
 */
export function createConnection(settings: Settings, user: ConnectionUser): Connection {
  const { clock, network, maxEventBytes, trace } = settings;
  const { status, set } = watchedStatus();
  const retry = retryEffects(settings);
  const { input } = createMachine(
    IDLE,
    connectionTransition,
    () => {},
    ({ shown }) => set(shown),
    {
      open,
      trace: ({ reason }) => trace("debug", "end", { detail: reason }),
      ...retry,
      plan,
      end() {
        unwatchNetwork();
        user.onClosed();
      },
    },
  );
  const unwatchNetwork = network.subscribe(() =>
    network.isOnline() ? input("online", null) : input("ended", { reason: "offline" }),
  );

  function open(): EndRequest | undefined {
    const request = user.request();
    if (request) {
      return attempt(settings, request, "text/event-stream", read, ([failed]) => failed && input("ended", failed));
    }
    input("unwanted", null);
  }

  function plan(failed: Failed): void {
    if (user.onRefused(failed.ending)) {
      input("wanted", true);
    } else {
      retry.plan(failed, input);
    }
  }

  async function read({ body }: Response, signal: AbortSignal, onLife: (patience?: number) => void): Promise<never> {
    const reader = body?.getReader?.();
    if (!reader) {
      throw failure("bad-response", "a body", 'none; check "fetch"');
    }
    // Some implementations of fetch ignore the signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));

    function hello(heartbeat: number): void {
      onLife(PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT));
      input("hello", clock.now());
    }

    const parser = createParser({
      maxEventBytes,
      onRetry: (milliseconds) => input("base", milliseconds),
      onEvent(event) {
        // Events after a bye, a reset or the end of the client are ignored.
        if (!signal.aborted) {
          user.onEvent(event, hello);
        }
      },
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        throw failure("network", "a bye", "the end; check proxies");
      }
      onLife();
      parser.push(value);
    }
  }

  return { status, input };
}
