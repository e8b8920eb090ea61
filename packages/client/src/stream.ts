import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import { attempt, type Attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { failure, type Ending } from "./ending.ts";
import { createRetry } from "./retry.ts";
import type { Reason } from "./status.ts";

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;

/**
 * The client's one connection: it opens, reads, notices silence, and comes back, until it is closed.
 *
 * @param ask what to ask for now, or null when there is nothing to follow
 * @param onRefused the server refused some channels; returns whether the next request will be another one
 */
export function createStream(
  context: Context,
  ask: () => EventRequest | null,
  onEvent: (event: ServerSentEvent) => void,
  onRefused: (paths: readonly string[], reason: Reason) => boolean,
) {
  const { network, ends, maxEventBytes, status } = context;
  const retry = createRetry(context, connect);
  /** Null while there is nothing to follow. The last one stays until there is another. */
  let connection: Attempt<never> | null = null;
  let onLife: (patience?: number) => void;

  function connect(): void {
    retry.cancel();
    connection = null;
    const request = ask();
    if (!request) return status.set({ state: "connecting" });
    connection = attempt(context, request, "text/event-stream", read);
    connection.result.catch(onEnding);
  }

  async function read({ body }: Response, signal: AbortSignal, alive: typeof onLife): Promise<never> {
    onLife = alive;
    const reader = body?.getReader();
    if (!reader) throw failure("bad-response", "a body", 'none; check "fetch"');
    // Not every fetch heeds its signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    const parser = createParser({
      maxEventBytes,
      onRetry: (milliseconds) => (retry.base = milliseconds),
      // What comes after a bye, a reset or the end of everything was not meant for us.
      onEvent: (event) => signal.aborted || onEvent(event),
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw failure("network", "a bye", "a bare end");
      alive();
      parser.push(value);
    }
  }

  function onEnding(ending: Ending | null): void {
    if (status.value.state === "closed") return;
    context.trace("end", { detail: ending?.reason ?? "changed" });
    if (!ending || (ending.channels && onRefused(ending.channels, ending.reason))) return connect();
    const next = retry.later(ending);
    if (next) status.set(next);
    else close(ending.reason);
  }

  function onNetwork(): void {
    if (!network.isOnline()) return connection?.end({ reason: "offline" });
    connection?.look();
    retry.hurry();
  }

  function close(reason: Reason): void {
    if (status.value.state === "closed") return;
    status.set({ state: "closed", reason });
    retry.cancel();
    for (const end of ends) end();
  }

  ends.add(network.subscribe(onNetwork));
  return {
    /** What to ask for has changed: asks anew, from where it stands. */
    change: () => (connection ? connection.end(null) : connect()),
    /** @param heartbeat in milliseconds, as the server sent it */
    hello(heartbeat: number) {
      onLife(PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT));
      retry.live();
      status.set({ state: "live" });
    },
    /** Ends the connection; what follows is the ending's. */
    end: (ending: Ending) => connection?.end(ending),
    close,
  };
}
