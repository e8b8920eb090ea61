import { createParser, type ByeReason, type EventRequest, type ServerSentEvent } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import type { Network } from "./network.ts";
import { Refused, type Requests } from "./requests.ts";
import { Backoff } from "./retry.ts";
import { Cell, type Reason, type Status } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** What a stream needs of the client it belongs to. */
export interface StreamOwner {
  /** What to ask for now, or null when there is nothing to follow. */
  request(): EventRequest | null;
  onEvent(event: ServerSentEvent): void;
  /** The server refused some channels, or all (null). */
  onRefused(channels: readonly string[] | null, reason: "forbidden" | "unknown"): void;
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
  | { readonly kind: "changed" }
  | { readonly kind: "reset" }
  | { readonly kind: "offline" }
  | { readonly kind: "bye"; readonly reason: ByeReason }
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "failed"; readonly error: StreamError };

/** What to do next: go on after a wait, or stop. */
type Next = { readonly wait: number; readonly reason: Reason } | { readonly stop: Reason };

/** Silence of this many heartbeats is the end of a connection. */
const PATIENCE = 2.5;
/** How long a channel that the server does not know is left alone, in milliseconds. */
export const UNKNOWN_RETRY = 60_000;

/** The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. */
export class Stream {
  readonly status = new Cell<Status>({ state: "connecting" });
  readonly #settings: StreamSettings;
  readonly #owner: StreamOwner;
  readonly #backoff: Backoff;
  readonly #unsubscribe: () => void;
  #attempt: AbortController | null = null;
  #ending: Ending | null = null;
  #interrupt: () => void = () => {};
  #running = false;
  #closed = false;
  #freshTokenTried = false;
  /** Milliseconds without a byte that are too many; null before the head has arrived. */
  #patience = 0;
  #lastByte = 0;

  constructor(settings: StreamSettings, owner: StreamOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#backoff = new Backoff(settings.random);
    this.#unsubscribe = settings.network.subscribe(() => this.#onNetwork());
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

  setHeartbeat(milliseconds: number): void {
    this.#patience = PATIENCE * milliseconds;
    this.#freshTokenTried = false;
    this.status.set({ state: "live" });
  }

  close(reason: Reason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.#attempt?.abort();
    this.#interrupt();
    this.status.set({ state: "closed", reason });
    this.#owner.onClosed(reason);
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let request = this.#owner.request(); request !== null && !this.#closed; request = this.#owner.request()) {
      const begun = this.#settings.clock.now();
      const ending = this.#settings.network.isOnline() ? await this.#connect(request) : { kind: "offline" as const };
      if (this.#closed) break;
      const next = this.#judge(ending, this.#settings.clock.now() - begun);
      if ("stop" in next) this.close(next.stop);
      else if (next.reason === "offline") await this.#pause(null, "offline");
      else if (next.wait > 0) await this.#pause(next.wait, next.reason);
    }
    this.#running = false;
  }

  /** One connection, from request to end. */
  async #connect(request: EventRequest): Promise<Ending> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#ending = null;
    let stopWatching = () => {};
    try {
      const response = await this.#settings.requests.stream(request, attempt.signal);
      this.#patience = Infinity;
      this.#lastByte = this.#settings.clock.now();
      stopWatching = this.#watch();
      await this.#read(response);
      return this.#ending ?? this.#failure("network", "Expected the stream to end with a bye, got a bare end.");
    } catch (error) {
      if (this.#ending !== null) return this.#ending;
      if (error instanceof Refused) return { kind: "refused", refused: error };
      if (error instanceof StreamError) return { kind: "failed", error };
      if (error instanceof RangeError) return this.#failure("event-too-large", error.message, error);
      return this.#failure("network", "Expected the stream to go on, got a broken connection.", error);
    } finally {
      stopWatching();
      attempt.abort();
    }
  }

  async #read(response: Response): Promise<void> {
    const reader = response.body?.getReader();
    const parser = createParser({
      maxEventBytes: this.#settings.maxEventBytes,
      onRetry: (milliseconds) => this.#backoff.setRetry(milliseconds),
      // What comes after a bye or a reset was not meant for us.
      onEvent: (event) => this.#ending === null && this.#owner.onEvent(event),
    });
    while (reader !== undefined && this.#ending === null) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#lastByte = this.#settings.clock.now();
      parser.push(value);
    }
  }

  /** Ends the connection after too long a silence. Timers sleep with the machine, so the clock decides. */
  #watch(): () => void {
    const { clock } = this.#settings;
    let cancel = () => {};
    const look = () => {
      const rest = this.#lastByte + this.#patience - clock.now();
      if (rest <= 0) this.#end(this.#failure("timeout", `Expected a heartbeat within ${this.#patience} ms, got silence.`));
      else cancel = clock.setTimeout(look, Math.min(rest, 5_000));
    };
    look();
    return () => cancel();
  }

  #end(ending: Ending): void {
    if (this.#attempt === null || this.#attempt.signal.aborted) return;
    this.#ending ??= ending;
    this.#attempt.abort();
  }

  #onNetwork(): void {
    const { network, clock } = this.#settings;
    if (!network.isOnline()) this.#end({ kind: "offline" });
    else if (this.status.value.state === "retrying") this.#interrupt();
    else if (clock.now() - this.#lastByte > this.#patience) {
      this.#end(this.#failure("timeout", "Expected a heartbeat while the page was away, got silence."));
    }
  }

  #judge(ending: Ending, lived: number): Next {
    switch (ending.kind) {
      case "changed":
        return { wait: 0, reason: "network" };
      case "offline":
        return { wait: 0, reason: "offline" };
      case "reset":
        return { wait: this.#backoff.soon(), reason: "gap" };
      case "bye":
        return this.#judgeBye(ending.reason, lived);
      case "refused":
        return this.#judgeRefusal(ending.refused, lived);
      case "failed":
        if (ending.error.code === "bad-response" || ending.error.code === "event-too-large") this.#owner.onError(ending.error);
        return { wait: this.#backoff.afterFailure(lived), reason: reasonOf(ending.error) };
    }
  }

  #judgeBye(reason: ByeReason, lived: number): Next {
    if (reason === "forbidden") return { stop: reason };
    if (reason === "unknown") {
      this.#owner.onRefused(null, reason);
      return { wait: 0, reason };
    }
    if (reason === "draining" || reason === "max-age") return { wait: this.#backoff.asTold(), reason };
    // Credentials that expire as soon as they are used are a failure, too.
    if (reason === "expired" && lived >= 10_000) return { wait: this.#backoff.soon(), reason };
    return { wait: this.#backoff.afterFailure(lived), reason };
  }

  #judgeRefusal({ status, problem, retryAfter }: Refused, lived: number): Next {
    if (status === 204) return { stop: "finished" };
    if (status === 401) {
      if (this.#freshTokenTried) return { stop: "unauthenticated" };
      this.#freshTokenTried = true;
      return { wait: this.#backoff.soon(), reason: "unauthenticated" };
    }
    if (status === 404 && problem.code === "unknown-channel") {
      this.#owner.onRefused(problem.channels ?? null, "unknown");
      return { wait: 0, reason: "unknown" };
    }
    if (status === 403 && problem.code === "forbidden" && problem.channels !== undefined) {
      this.#owner.onRefused(problem.channels, "forbidden");
      return { wait: 0, reason: "forbidden" };
    }
    if (status === 403) return { stop: "forbidden" };
    if (status === 408 || status === 429 || status >= 500) {
      return { wait: this.#backoff.afterFailure(lived, retryAfter), reason: "unavailable" };
    }
    const said = problem.detail ?? problem.title ?? "nothing more";
    this.#owner.onError(new StreamError("refused", `Expected a stream, got status ${status}: ${said}`));
    return { stop: status === 404 ? "unknown" : "rejected" };
  }

  async #pause(milliseconds: number | null, reason: Reason): Promise<void> {
    const { clock } = this.#settings;
    const at = milliseconds === null ? null : clock.now() + milliseconds;
    this.status.set({ state: "retrying", reason, at });
    await new Promise<void>((resolve) => {
      const cancel = milliseconds === null ? () => {} : clock.setTimeout(resolve, milliseconds);
      this.#interrupt = () => {
        cancel();
        resolve();
      };
    });
    this.#interrupt = () => {};
  }

  #failure(code: "network" | "timeout" | "event-too-large", message: string, cause?: unknown): Ending {
    return { kind: "failed", error: new StreamError(code, message, { cause }) };
  }
}

function reasonOf({ code }: StreamError): Reason {
  return code === "timeout" || code === "bad-response" ? code : "network";
}
