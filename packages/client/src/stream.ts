import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import { attempt, type Attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { failure, type Ending } from "./ending.ts";
import { createRetry } from "./retry.ts";
import { isOfNetwork, retrying, type Reason } from "./status.ts";

/** What a stream needs of the client it belongs to. */
export interface StreamOwner {
  /** What to ask for now, or null when there is nothing to follow. */
  request(): EventRequest | null;
  onEvent(event: ServerSentEvent): void;
  /** The server refused some channels. Returns whether the next request will be another one. */
  onRefused(paths: readonly string[], reason: Reason): boolean;
  /** The stream will not come back. */
  onClosed(reason: Reason): void;
}

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;

/** The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. */
export function createStream(context: Context, owner: StreamOwner) {
  const { clock, network, ends, maxEventBytes, status } = context;
  const retry = createRetry(context);
  /** Null while there is nothing to follow. The last one has ended while `cancelPause` is there. */
  let connection: Attempt<never> | null = null;
  let cancelPause: (() => void) | null = null;
  let onLife: (patience?: number) => void;

  function connect(): void {
    cancelPause?.();
    cancelPause = null;
    connection = null;
    const request = owner.request();
    if (!request) return status.set({ state: "connecting" });
    connection = attempt(context, request, "text/event-stream", read);
    connection.result.catch(onEnding);
  }

  async function read({ body }: Response, signal: AbortSignal, alive: typeof onLife): Promise<never> {
    onLife = alive;
    const reader = body?.getReader();
    if (!reader) throw failure("bad-response", "a body that streams", 'none; mend the option "fetch"');
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
      try {
        parser.push(value);
      } catch (cause) {
        throw failure("event-too-large", `"maxEventBytes" to do`, String(cause), { reason: "bad-response", cause });
      }
    }
  }

  function onEnding(ending: Ending | null): void {
    if (status.value.state === "closed") return;
    context.trace("end", { detail: ending?.reason ?? "changed" });
    if (!ending || (ending.channels && owner.onRefused(ending.channels, ending.reason))) return connect();
    const wait = retry.after(ending);
    if (wait === null) return close(ending.reason);
    cancelPause = clock.setTimeout(connect, wait);
    status.set(retrying(ending.reason, clock.now() + wait));
  }

  function onNetwork(): void {
    if (!network.isOnline()) connection?.end({ reason: "offline" });
    // What the server has asked to wait for is waited for.
    else if (cancelPause && isOfNetwork(status.value)) connect();
    else connection?.look();
  }

  function close(reason: Reason): void {
    if (status.value.state === "closed") return;
    status.set({ state: "closed", reason });
    owner.onClosed(reason);
    cancelPause?.();
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
