/** An append that has failed. `publish` of a hub rejects with it, too. */
export class AppendError extends Error {
  override readonly name = "AppendError";
  /**
   * `none`: nothing of it is stored. `unknown`: it may be stored, or may be stored later. With idempotency keys it is
   * safe to publish again in both cases.
   */
  readonly outcome: "none" | "unknown";

  constructor(outcome: "none" | "unknown", message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}
