import { LeaseError } from "./lease-error.ts";
import type { Lease, StopRequest } from "./lease-entry.ts";
import type { OpenWriter } from "./open-writer.ts";
import type { StandingStop } from "./stop-requests.ts";

/**
 * A lease that is being taken, or that a writer has. A request to stop reaches the writer when two things are known:
 * that the log has the lease, since an earlier request may be about another writer, and the writer itself.
 */
export class OwnLease {
  readonly lease: Lease;
  /** Whether this process has seen the lease in the log. */
  #isSeen = false;
  /** The requests to stop that concern it, and that the writer has not heard yet. */
  #stops: StandingStop[] = [];
  #writer: OpenWriter | null = null;

  constructor(lease: Lease) {
    this.lease = lease;
  }

  /** Null until the lease is taken. */
  get writer(): OpenWriter | null {
    return this.#writer;
  }

  /** The lease is taken. */
  begin(writer: OpenWriter): void {
    this.#writer = writer;
    this.#passStopsOn();
  }

  /** The log has the lease. Only the first time counts. @param stop the request that stood there before it */
  see(stop: StandingStop | null): void {
    if (this.#isSeen) return;
    this.#isSeen = true;
    if (stop !== null) this.hear(stop);
  }

  /** Somebody asks the writer of the address to stop. */
  hear(stop: StandingStop): void {
    if (!this.#isSeen) return;
    this.#stops.push(stop);
    this.#passStopsOn();
  }

  #passStopsOn(): void {
    if (this.#writer === null) return;
    for (const { request, position } of this.#stops.splice(0)) this.#writer.stop(position, stopped(request));
  }
}

function stopped({ path, reason }: StopRequest): LeaseError {
  const message = `Somebody has asked the writer of ${path} to stop${reason === "" ? "" : `: ${reason}`}.`;
  return new LeaseError("stopped", message, { reason });
}
