/** The reason of a {@link ContractError}, for programs. People read the message. */
export type ContractErrorCode =
  /** A contract cannot hold this pattern, event type or schema. Thrown where a contract is defined or a hub is made. */
  | "bad-contract"
  /** A param is missing, empty or not a string, or it makes the path too long. */
  | "bad-params"
  /** No channel of this contract made this address. */
  | "unknown-channel"
  /** The channel does not declare this event type. */
  | "unknown-event"
  /** The schema of the event refuses this data. */
  | "invalid-data";

/** The only error of this package. Its message names the channel or event, what was expected, and what came. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly code: ContractErrorCode;

  constructor(code: ContractErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Throws. Every refusal of a definition or of params has this one sentence, since browsers load it.
 *
 * @throws ContractError always
 */
export function refuse(where: string, expected: string, got: unknown, code: ContractErrorCode = "bad-contract"): never {
  throw new ContractError(code, `${where}: expected ${expected}, got ${String(got)}.`);
}

/** What a value is that should be a definition. The usual reason for a missing one is a circular import. */
export function kindOf(value: unknown): string {
  return value === undefined ? "undefined (is there a circular import?)" : tagOf(value);
}

/**
 * Checks a record of definitions or options. A number, a list or a map has no keys, so what it holds would be ignored.
 *
 * @throws ContractError `bad-contract`
 */
export function checkRecord(where: string, expected: string, value: unknown): void {
  // A module is a record of what it exports.
  if (!/^(object|module)$/.test(tagOf(value))) refuse(where, expected, kindOf(value));
}

/** For example `null`, `array` or `map`. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1).toLowerCase();
}
