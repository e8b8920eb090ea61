import { callSafely } from "./callback.ts";
import type { ClientOptions, TraceRecord } from "./client-options.ts";
import type { Clock } from "./clock.ts";

/** Tells developers what happens. */
export class Trace {
  readonly #clock: Clock;
  readonly #debug: boolean;
  readonly #onLog: (record: TraceRecord) => void;

  constructor(clock: Clock, { debug = false, onLog = toConsole }: Pick<ClientOptions, "debug" | "onLog">) {
    this.#clock = clock;
    this.#debug = debug;
    this.#onLog = onLog;
  }

  debug(event: TraceRecord["event"], about: Omit<TraceRecord, "level" | "event" | "at">): void {
    if (this.#debug) callSafely(() => this.#onLog({ level: "debug", event, at: this.#clock.now(), ...about }));
  }

  /** Only to who develops: in production there is nobody who could do something about it. */
  warn(event: TraceRecord["event"], detail: string): void {
    if (!this.#debug && !isDevelopment()) return;
    callSafely(() => this.#onLog({ level: "warn", event, at: this.#clock.now(), detail }));
  }
}

/** Whether the page is served from the developer's own machine. */
function isDevelopment(): boolean {
  const { hostname } = (globalThis as { location?: { hostname?: string } }).location ?? {};
  return hostname === "localhost" || hostname === "127.0.0.1";
}

function toConsole({ level, event, at: _at, ...about }: TraceRecord): void {
  console[level](`tidings: ${event}`, about);
}
