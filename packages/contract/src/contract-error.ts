/** What went wrong, for a program; the message says it for a person. */
export type ContractErrorCode =
  /** A pattern, an event name or a schema that a contract cannot hold. Thrown at definition. */
  | "bad-contract"
  /** A param that is missing, empty, not a string, or makes the path too long. */
  | "bad-params"
  /** An address that no channel of this contract made. */
  | "unknown-channel"
  /** An event type that the channel does not declare. */
  | "unknown-event"
  /** Data that the event's schema refuses. */
  | "invalid-data";

/** The one error of this package: it names the channel or event, what was expected, what came, and what to do. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly code: ContractErrorCode;

  constructor(code: ContractErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Refuses what a channel is defined with, or an address is made of: one sentence for all, since browsers load them. */
export function refuse(where: string, expected: string, got: unknown, code: ContractErrorCode = "bad-contract"): never {
  throw new ContractError(code, `${where}: expected ${expected}, got ${String(got)}.`);
}
