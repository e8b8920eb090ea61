/** The reason of a {@link LeaseError}, for programs. People read the message. */
export type LeaseErrorCode =
  /** Another writer has the lease of the address. */
  | "taken"
  /** The writer has lost its lease: it was silent for too long, or the address has ended. */
  | "lost"
  /** Somebody has called `hub.stop`. */
  | "stopped"
  /** The hub closes. */
  | "closing"
  /** The writer has ended the address, or released the lease. */
  | "released";

/** Why there is no lease, or no longer one. It is also the reason of a writer's signal. */
export class LeaseError extends Error {
  override readonly name = "LeaseError";
  readonly code: LeaseErrorCode;
  /** Of `stopped`: what the caller of `hub.stop` has given; otherwise null. */
  readonly reason: string | null;

  constructor(code: LeaseErrorCode, message: string, options: ErrorOptions & { readonly reason?: string } = {}) {
    super(message, options);
    this.code = code;
    this.reason = options.reason ?? null;
  }
}

/** The error of a writer, or of somebody who wants to be one, in a hub that closes. */
export function hubCloses({ path }: { readonly path: string }): LeaseError {
  return new LeaseError("closing", `The hub closes, and with it the writer of ${path}.`);
}
