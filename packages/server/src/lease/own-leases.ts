import { sleep, type Clock } from "@tidings/protocol/clock";
import type { Lease } from "./lease-entry.ts";
import type { OpenWriter } from "./open-writer.ts";
import { OwnLease } from "./own-lease.ts";

/** The leases of this process, by writer and by path: a process may have very many, and each entry concerns few. */
export class OwnLeases {
  readonly #byWriter = new Map<string, OwnLease>();
  readonly #byPath = new Map<string, Set<OwnLease>>();
  /** Called whenever a lease is over. */
  #noteRemoved = (): void => {};

  add(lease: Lease): OwnLease {
    const own = new OwnLease(lease);
    this.#byWriter.set(lease.writer, own);
    const ofPath = this.#byPath.get(lease.path) ?? new Set();
    this.#byPath.set(lease.path, ofPath.add(own));
    return own;
  }

  /** Does nothing the second time. */
  remove({ writer, path }: Lease): void {
    const own = this.#byWriter.get(writer);
    const ofPath = this.#byPath.get(path);
    if (own === undefined || ofPath === undefined) return;
    this.#byWriter.delete(writer);
    ofPath.delete(own);
    if (ofPath.size === 0) this.#byPath.delete(path);
    this.#noteRemoved();
  }

  ofWriter(writer: string): OwnLease | undefined {
    return this.#byWriter.get(writer);
  }

  /** A copy. There may be several: one that has the lease, and those that find out that they do not get it. */
  ofPath(path: string): readonly OwnLease[] {
    return [...(this.#byPath.get(path) ?? [])];
  }

  /** The writers that have a lease. */
  writers(): readonly OpenWriter[] {
    return [...this.#byWriter.values()].flatMap(({ writer }) => writer ?? []);
  }

  /**
   * Resolves when all leases are over, or the time is. The process stays alive for it.
   * @param time in milliseconds
   */
  async untilNone(clock: Pick<Clock, "setTimeout">, time: number): Promise<void> {
    const done = new AbortController();
    this.#noteRemoved = () => {
      if (this.#byWriter.size === 0) done.abort();
    };
    this.#noteRemoved();
    await sleep(clock, time, done.signal);
  }
}
