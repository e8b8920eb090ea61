import type { Lease } from "./lease-entry.ts";
import type { OpenWriter } from "./open-writer.ts";
import type { StandingStop } from "./stop-requests.ts";

/** A lease that is being taken, or that a writer has. */
export interface OwnLease {
  readonly lease: Lease;
  /** Whether this process has seen the lease in the log. What it saw before may be about another writer. */
  isSeen: boolean;
  /** The requests to stop that concern it, and that it has not heard yet. */
  stops: StandingStop[];
  /** Null until the lease is taken. */
  writer: OpenWriter | null;
}

/** The leases of this process, by writer and by path: a process may have very many, and each entry concerns few. */
export class OwnLeases {
  readonly #byWriter = new Map<string, OwnLease>();
  readonly #byPath = new Map<string, Set<OwnLease>>();

  get size(): number {
    return this.#byWriter.size;
  }

  add(lease: Lease): OwnLease {
    const own: OwnLease = { lease, isSeen: false, stops: [], writer: null };
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
}
