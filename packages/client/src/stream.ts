import { createParser, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import type { Context } from "./context.ts";
import { Ending, failure } from "./ending.ts";
import { interruptible } from "./interruptible.ts";
import { send } from "./requests.ts";
import { Retry } from "./retry.ts";
import { Cell, retrying, type Reason } from "./status.ts";

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
/** How often the wall clock is looked at, in milliseconds: a timer sleeps with the machine. */
const LOOK = 5_000;

/** The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. */
export class Stream {
  readonly status = new Cell();
  /** Ends the connection; null is for no other reason than to ask for something else. */
  end: (ending: Ending | null) => void = () => {};
  readonly #context: Context;
  readonly #owner: StreamOwner;
  readonly #retry: Retry;
  #endPause = () => {};
  #running = false;
  /** Milliseconds of silence that are too many. */
  #patience = 0;
  #lastByte = 0;

  constructor(context: Context, owner: StreamOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#retry = new Retry(context);
    const unwatch = context.network.subscribe(() => this.#onNetwork());
    context.end.signal.addEventListener("abort", unwatch);
  }

  /** What to ask for has changed: asks anew, from where it stands. */
  change(): void {
    if (this.#running) this.end(null);
    else void this.#run();
  }

  /** @param heartbeat in milliseconds, as the server sent it */
  hello(heartbeat: number): void {
    this.#patience = PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT);
    this.#retry.live();
    this.status.set({ state: "live" });
  }

  close(reason: Reason): void {
    const { end } = this.#context;
    if (end.signal.aborted) return;
    end.abort();
    this.end(null);
    this.#endPause();
    this.status.set({ state: "closed", reason });
    this.#owner.onClosed(reason);
  }

  async #run(): Promise<void> {
    const closed = this.#context.end.signal;
    this.#running = true;
    for (let request = this.#owner.request(); request !== null; request = this.#owner.request()) {
      const ending = await this.#connect(request);
      if (closed.aborted) return;
      this.#context.trace("debug", "end", { detail: ending?.reason ?? "changed" });
      const { channels } = ending?.about ?? {};
      if (ending === null || (channels !== undefined && this.#owner.onRefused(channels, ending.reason))) continue;
      const wait = this.#retry.after(ending);
      if (wait === null) return this.close(ending.reason);
      await this.#pause(wait, ending.reason);
      if (closed.aborted) return;
    }
    this.#running = false;
    this.status.set({ state: "connecting" });
  }

  /** One connection, from request to end. */
  async #connect(request: EventRequest): Promise<Ending | null> {
    const { clock, connectTimeout } = this.#context;
    this.#lastByte = clock.now();
    // Until the hello, which says how long a silence may be.
    this.#patience = connectTimeout;
    const { outcome, end } = interruptible<null>((signal) => this.#read(request, signal));
    this.end = end;
    let cancel = () => {};
    const look = () => {
      this.#endIfSilent();
      cancel = clock.setTimeout(look, Math.min(this.#lastByte + this.#patience - clock.now(), LOOK));
    };
    look();
    const ending = await outcome;
    cancel();
    return ending;
  }

  async #read(request: EventRequest, signal: AbortSignal): Promise<never> {
    const { clock, maxEventBytes } = this.#context;
    const response = await send(this.#context, request, "text/event-stream", signal);
    const reader = response.body?.getReader();
    if (reader === undefined)
      throw failure("bad-response", "bad-response", 'Expected a body that streams, got none; mend the option "fetch".');
    // Not every fetch heeds its signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    const parser = createParser({
      maxEventBytes,
      onRetry: (milliseconds) => this.#retry.setRetry(milliseconds),
      // What comes after a bye, a reset or the end of everything was not meant for us.
      onEvent: (event) => signal.aborted || this.#owner.onEvent(event),
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw failure("network", "network", "Expected the stream to end with a bye, got a bare end.");
      this.#lastByte = clock.now();
      try {
        parser.push(value);
      } catch (cause) {
        const message = `Expected events of ${maxEventBytes} bytes at most, got a longer one.`;
        throw failure("bad-response", "event-too-large", message, cause);
      }
    }
  }

  #endIfSilent(): void {
    // A distance: a clock that was set back must not make us deaf until it has caught up.
    if (Math.abs(this.#context.clock.now() - this.#lastByte) >= this.#patience)
      this.end(failure("timeout", "timeout", `Expected a sign of life within ${this.#patience} ms, got silence.`));
  }

  #onNetwork(): void {
    const { value } = this.status;
    if (!this.#context.network.isOnline()) this.end(new Ending("offline"));
    // What the server has asked to wait for is waited for.
    else if (value.state === "retrying" && ["offline", "network", "timeout"].includes(value.reason)) this.#endPause();
    else this.#endIfSilent();
  }

  async #pause(milliseconds: number, reason: Reason): Promise<void> {
    const { clock } = this.#context;
    const ended = new Promise<void>((resolve) => {
      const cancel = clock.setTimeout(resolve, milliseconds);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
    this.status.set(retrying(reason, clock.now() + milliseconds));
    await ended;
  }
}
