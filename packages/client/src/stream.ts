import { createParser, type ByeReason, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import type { Network } from "./network.ts";
import { Refusal } from "./refusal.ts";
import type { Requests } from "./requests.ts";
import { Backoff } from "./retry.ts";
import { Cell, type Reason, type Status } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** What a stream needs of the client it belongs to. */
export interface StreamOwner {
  /** What to ask for now, or null when there is nothing to follow. */
  request(): EventRequest | null;
  onEvent(event: ServerSentEvent): void;
  /** The server refused some channels, or all (null). Returns whether the next request will be another one. */
  onRefused(channels: readonly string[] | null, reason: "forbidden" | "unknown"): boolean;
  onEnd(reason: Reason): void;
  onError(error: StreamError): void;
  /** The stream will not come back. */
  onClosed(reason: Reason): void;
}

export interface StreamSettings {
  readonly requests: Requests;
  readonly clock: Clock;
  readonly network: Network;
  readonly random: () => number;
  readonly maxEventBytes: number;
}

/** How a connection ended. */
type Ending =
  | { readonly kind: "changed" | "reset" | "offline" }
  | { readonly kind: "bye"; readonly reason: ByeReason }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "failed"; readonly error: StreamError };

/** What to do next: go on after a wait in milliseconds, null being until the network is back; or stop. */
type Next = { readonly wait: number | null; readonly reason: Reason } | { readonly stop: Reason };

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;
/** How often the wall clock is looked at, in milliseconds: a timer sleeps with the machine. */
const LOOK = 5_000;
/** Milliseconds after which former failures count no more. */
const HEALTHY = 60_000;
/** A connection that the server ends within this many milliseconds has failed, whatever the server says. */
const INSTANT = 10_000;

/** The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. */
export class Stream {
  readonly status = new Cell<Status>({ state: "connecting" });
  readonly #settings: StreamSettings;
  readonly #owner: StreamOwner;
  readonly #backoff: Backoff;
  readonly #unwatch: () => void;
  #attempt = new AbortController();
  #ending: Ending | null = null;
  #endPause: () => void = () => {};
  #running = false;
  #closed = false;
  #freshTokenTried = false;
  /** Milliseconds of silence that are too many. */
  #patience = 0;
  #lastByte = 0;
  /** When the server said hello; null before. */
  #helloAt: number | null = null;

  constructor(settings: StreamSettings, owner: StreamOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#backoff = new Backoff(settings.random);
    this.#unwatch = settings.network.subscribe(() => this.#onNetwork());
  }

  /** What to ask for has changed: asks anew, from where it stands. */
  change(): void {
    if (this.#closed) return;
    if (this.#running) this.#end({ kind: "changed" });
    else void this.#run();
  }

  /** The position means nothing any more; the owner has taken the new one. */
  reset(): void {
    this.#end({ kind: "reset" });
  }

  bye(reason: ByeReason): void {
    this.#end({ kind: "bye", reason });
  }

  /** @param heartbeat in milliseconds, as the server sent it */
  hello(heartbeat: number): void {
    this.#patience = PATIENCE * (heartbeat > 0 ? heartbeat : DEFAULT_HEARTBEAT);
    this.#helloAt = this.#settings.clock.now();
    this.#freshTokenTried = false;
    // Also when it has only asked for something else: nobody needs to know.
    if (this.status.value.state !== "live") this.status.set({ state: "live" });
  }

  close(reason: Reason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch();
    this.#attempt.abort();
    this.#endPause();
    this.status.set({ state: "closed", reason });
    this.#owner.onClosed(reason);
  }

  async #run(): Promise<void> {
    const { network, clock } = this.#settings;
    this.#running = true;
    for (let request = this.#owner.request(); request !== null; request = this.#owner.request()) {
      const ending: Ending = network.isOnline() ? await this.#connect(request) : { kind: "offline" };
      if (this.#closed) return;
      const lived = this.#helloAt === null ? 0 : clock.now() - this.#helloAt;
      this.#helloAt = null;
      if (lived >= HEALTHY) this.#backoff.forget();
      const next = this.#judge(ending, lived);
      this.#owner.onEnd("stop" in next ? next.stop : next.reason);
      if ("stop" in next) return this.close(next.stop);
      if (next.wait !== 0) await this.#pause(next.wait, next.reason);
      if (this.#closed) return;
    }
    this.#running = false;
    this.status.set({ state: "connecting" });
  }

  /** One connection, from request to end. */
  async #connect(request: EventRequest): Promise<Ending> {
    const { requests, clock } = this.#settings;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#ending = null;
    this.#lastByte = clock.now();
    // Until the hello, which says how long a silence may be.
    this.#patience = requests.timeout;
    const stopWatching = this.#watch();
    try {
      await this.#read(await requests.stream(request, attempt.signal), attempt.signal);
      return this.#ending ?? failure("network", "Expected the stream to end with a bye, got a bare end.");
    } catch (error) {
      if (this.#ending !== null) return this.#ending;
      if (error instanceof Refusal) return { kind: "refused", refusal: error };
      if (error instanceof StreamError) return { kind: "failed", error };
      return failure("network", "Expected the stream to go on, got a broken connection.", error);
    } finally {
      stopWatching();
      attempt.abort();
    }
  }

  async #read(response: Response, signal: AbortSignal): Promise<void> {
    const reader = response.body?.getReader();
    if (reader === undefined)
      throw new StreamError("bad-response", 'Expected a body that streams, got none; "fetch" has to give one.');
    // Not every fetch heeds its signal.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    const parser = createParser({
      maxEventBytes: this.#settings.maxEventBytes,
      onRetry: (milliseconds) => this.#backoff.setRetry(milliseconds),
      // What comes after a bye, a reset or the end of everything was not meant for us.
      onEvent: (event) => signal.aborted || this.#owner.onEvent(event),
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.#lastByte = this.#settings.clock.now();
      try {
        parser.push(value);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new StreamError(
          "event-too-large",
          `Expected events of ${this.#settings.maxEventBytes} bytes at most, got a longer one.`,
          { cause },
        );
      }
    }
  }

  /** Ends the connection after too long a silence. */
  #watch(): () => void {
    const { clock } = this.#settings;
    let cancel = () => {};
    const look = () => {
      const rest = this.#lastByte + this.#patience - clock.now();
      if (rest <= 0) this.#end(failure("timeout", `Expected a sign of life within ${this.#patience} ms, got silence.`));
      else cancel = clock.setTimeout(look, Math.min(rest, LOOK));
    };
    look();
    return () => cancel();
  }

  #end(ending: Ending): void {
    if (this.#attempt.signal.aborted) return;
    this.#ending ??= ending;
    this.#attempt.abort();
  }

  #onNetwork(): void {
    const { network, clock } = this.#settings;
    const { value } = this.status;
    if (!network.isOnline()) this.#end({ kind: "offline" });
    // What the server has asked to wait for is waited for.
    else if (value.state === "retrying" && ["offline", "network", "timeout"].includes(value.reason)) this.#endPause();
    else if (clock.now() - this.#lastByte > this.#patience) {
      this.#end(failure("timeout", "Expected a sign of life while the page was away, got silence."));
    }
  }

  #judge(ending: Ending, lived: number): Next {
    switch (ending.kind) {
      case "changed":
        return { wait: 0, reason: "network" };
      case "offline":
        return { wait: null, reason: "offline" };
      case "reset":
        return { wait: this.#backoff.soon(), reason: "gap" };
      case "bye":
        return this.#judgeBye(ending.reason, lived);
      case "refused":
        return this.#judgeRefusal(ending.refusal);
      case "failed": {
        const { code } = ending.error;
        if (code !== "network" && code !== "timeout") this.#owner.onError(ending.error);
        const reason = code === "timeout" || code === "bad-response" ? code : "network";
        return { wait: this.#backoff.afterFailure(), reason };
      }
    }
  }

  #judgeBye(reason: ByeReason, lived: number): Next {
    if (reason === "forbidden" || reason === "unknown") return this.#drop(null, reason);
    const failed = lived < INSTANT || reason === "limit";
    const wait = failed
      ? this.#backoff.afterFailure()
      : reason === "expired"
        ? this.#backoff.soon()
        : this.#backoff.asTold();
    return { wait, reason };
  }

  #judgeRefusal(refusal: Refusal): Next {
    const { reason, problem, retryAfter } = refusal;
    if (reason === "unauthenticated" && !this.#freshTokenTried) {
      this.#freshTokenTried = true;
      return { wait: this.#backoff.soon(), reason };
    }
    if (reason === "unavailable") return { wait: this.#backoff.afterFailure(retryAfter), reason };
    if (problem.code === "unknown-channel") return this.#drop(problem.channels ?? null, "unknown");
    if (problem.code === "forbidden") return this.#drop(problem.channels ?? null, "forbidden");
    if (reason === "rejected" || reason === "unknown") this.#owner.onError(refusal.toError("a stream"));
    return { stop: reason };
  }

  /** Goes on without some channels. */
  #drop(channels: readonly string[] | null, reason: "forbidden" | "unknown"): Next {
    const changed = this.#owner.onRefused(channels, reason);
    return { wait: changed ? 0 : this.#backoff.afterFailure(), reason };
  }

  async #pause(milliseconds: number | null, reason: Reason): Promise<void> {
    const { clock } = this.#settings;
    const ended = new Promise<void>((resolve) => {
      const cancel = milliseconds === null ? () => {} : clock.setTimeout(resolve, milliseconds);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
    this.status.set({ state: "retrying", reason, at: milliseconds === null ? null : clock.now() + milliseconds });
    await ended;
    this.#endPause = () => {};
  }
}

function failure(code: "network" | "timeout", message: string, cause?: unknown): Ending {
  return { kind: "failed", error: new StreamError(code, message, { cause }) };
}
