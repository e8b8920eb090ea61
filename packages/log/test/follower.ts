import type { EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { reliable } from "./entries.ts";

const PAGE = { entries: 500, bytes: 1e7 };

/** Reads a log from its head on, page after page, without a pause. */
export class Follower {
  readonly data: string[] = [];
  /** What was announced as lost. */
  readonly holes: string[] = [];
  readonly #log: EventLog;
  #stopped = false;
  /** How many reads in a row have found nothing new. */
  #quiet = 0;
  #done: Promise<void>;

  private constructor(log: EventLog, head: Cursor) {
    this.#log = log;
    this.#done = this.#follow(head);
  }

  /** Resolves when it knows where it begins: it gets everything that is appended from then on. */
  static async start(log: EventLog): Promise<Follower> {
    return new Follower(log, await log.head());
  }

  /** Waits until there has been nothing new for some reads, and returns all data. */
  async finish(): Promise<string[]> {
    this.#stopped = true;
    // A read that runs now may not see what was appended last.
    this.#quiet = 0;
    await this.#done;
    return this.data;
  }

  async #follow(head: Cursor): Promise<void> {
    let next = head;
    while (this.#quiet < 3 || !this.#stopped) {
      const page = await this.#log.read(next, null, PAGE).catch(() => null);
      if (page === null) continue;
      this.data.push(...page.entries.map(({ data }) => data ?? ""));
      this.holes.push(...page.holes.map(({ reason }) => reason));
      next = page.next;
      this.#quiet = page.entries.length === 0 ? this.#quiet + 1 : 0;
    }
  }
}

/**
 * Publishes batches one after the other for some time. A publish that fails is tried again with the same idempotency
 * key, until it succeeds.
 *
 * @returns the data of everything that was acknowledged
 */
export async function publishFor(milliseconds: number, log: EventLog, name: string, size = 1): Promise<string[]> {
  const acknowledged: string[] = [];
  const end = performance.now() + milliseconds;
  for (let round = 0; performance.now() < end; round++) {
    const batch = Array.from({ length: size }, (_, n) => {
      const data = JSON.stringify(`${name} ${round} ${n}`);
      return reliable(`rooms/${round % 5}`, data, { idempotencyKey: data });
    });
    while (!(await isAppended(log, batch))) await new Promise((resolve) => setTimeout(resolve, 20));
    acknowledged.push(...batch.map(({ data }) => data ?? ""));
  }
  return acknowledged;
}

async function isAppended(log: EventLog, batch: Parameters<EventLog["append"]>[0]): Promise<boolean> {
  try {
    await log.append(batch);
    return true;
  } catch {
    return false;
  }
}
