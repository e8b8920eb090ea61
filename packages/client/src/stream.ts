import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import { attempt, type Attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { failure, type Ending } from "./ending.ts";
import { createRetry } from "./retry.ts";
import type { Reason } from "./status.ts";

/** What a stream needs of the client it belongs to. */
export interface StreamOwner {
  /** What to ask for now, or null when there is nothing to follow. */
  request(): EventRequest | null;
  onEvent(event: ServerSentEvent): void;
  /** The server refused some channels. Returns whether the next request will be another one. */
  onRefused(paths: readonly string[], reason: Reason): boolean;
}

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;

/** The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. */
export function createStream(context: Context, owner: StreamOwner) {
  const { network, ends, maxEventBytes, status } = context;
  const retry = createRetry(context, connect);
  /** Null while there is nothing to follow. The last one stays until there is another. */
  let connection: Attempt<never> | null = null;
  let onLife: (patience?: number) => void;

  function connect(): void {
    retry.cancel();
    connection = null;
    const request = owner.request();
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
      onEvent: (event) => signal.aborted || owner.onEvent(event),
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
    if (!ending || (ending.channels && owner.onRefused(ending.channels, ending.reason))) return connect();
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
