import { memoryLog, type EventLog, type MemoryLogOptions, type Page } from "@tidings/log";

/** A log in memory that counts its calls, and fails, hangs or rings no doorbell when it is set to. */
export class WatchedLog implements EventLog {
  #log: EventLog;
  readonly #options: MemoryLogOptions;
  readonly #bells = new Set<() => void>();
  /** Calls by method. */
  readonly calls: Record<string, number> = { append: 0, read: 0, recent: 0, current: 0, head: 0 };
  /** Reads of named channels: those of connections and pages. The others are the tailer's. */
  ownReads = 0;
  fails = false;
  hangs = false;
  /** Whether the doorbell is lost. */
  muted = false;

  constructor(options: MemoryLogOptions = {}) {
    this.#options = options;
    this.#log = this.#open();
  }

  /** How many calls there were in all. */
  get callCount(): number {
    return Object.values(this.calls).reduce((sum, count) => sum + count, 0);
  }

  /** The log is lost; a new one takes its place, in another epoch. */
  lose(): void {
    this.#log = this.#open();
  }

  append(...args: Parameters<EventLog["append"]>): ReturnType<EventLog["append"]> {
    return this.#ask("append", () => this.#log.append(...args));
  }

  read(...args: Parameters<EventLog["read"]>): Promise<Page> {
    if (args[1] !== null) this.ownReads++;
    return this.#ask("read", () => this.#log.read(...args));
  }

  recent(...args: Parameters<EventLog["recent"]>): Promise<Page> {
    return this.#ask("recent", () => this.#log.recent(...args));
  }

  current(...args: Parameters<EventLog["current"]>): Promise<Page> {
    return this.#ask("current", () => this.#log.current(...args));
  }

  head(): ReturnType<EventLog["head"]> {
    return this.#ask("head", () => this.#log.head());
  }

  watch(wake: () => void): () => void {
    this.#bells.add(wake);
    return () => this.#bells.delete(wake);
  }

  setRules(...args: Parameters<EventLog["setRules"]>): Promise<void> {
    return this.#log.setRules(...args);
  }

  trim(): Promise<void> {
    return this.#log.trim();
  }

  stat(): ReturnType<EventLog["stat"]> {
    return this.#log.stat();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** Rings without a reason. */
  ring(): void {
    for (const wake of this.#bells) wake();
  }

  get watchers(): number {
    return this.#bells.size;
  }

  #open(): EventLog {
    // Where a test names what retention keeps, that applies at once.
    const log = memoryLog({ burst: 0, ...this.#options });
    log.watch(() => {
      if (!this.muted) this.ring();
    });
    return log;
  }

  #ask<Answer>(method: string, question: () => Promise<Answer>): Promise<Answer> {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
    if (this.fails) return Promise.reject(new Error("The log does not answer."));
    return this.hangs ? new Promise<Answer>(() => {}) : question();
  }
}
