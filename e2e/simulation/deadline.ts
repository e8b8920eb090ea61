/** A hub checks deadlines once a second, and needs a moment for that. */
const CHECK = 1_050;
/** Milliseconds in which every hub reads a command when reads are slow or fail. */
const LATE = 60_000;
/** Milliseconds in which every hub reads a command, at the latest by its poll. */
const POLL = 1_050;
type Slowness = Record<"hasBadReads" | "hasSlowStates" | "hasRestarts", boolean>;

/**
 * Milliseconds in which a hub may not have read yet that a right was taken. It does not depend on how long `authorize`
 * takes: until the answer is there, nothing more is written.
 */
export function graceOf({ hasBadReads, hasSlowStates, hasRestarts }: Slowness): number {
  // A server that closes reads no commands any more, and may still wait for the state of a page.
  return hasBadReads || (hasSlowStates && hasRestarts) ? LATE : POLL;
}

export interface DeadlineWorld {
  readonly clock: { readonly time: number };
  readonly serverOptions: { readonly maxAge: number };
  readonly hasJumped: boolean;
}

/** When an answer has to end. */
export class Deadline {
  readonly #world: DeadlineWorld;
  readonly #isStream: boolean;
  /** When its first bytes were written, in milliseconds since the world began. */
  #begun: number | null = null;
  /** When the credentials of the request end, in milliseconds since the world began. */
  credentials = Infinity;

  constructor(world: DeadlineWorld, isStream: boolean) {
    this.#world = world;
    this.#isStream = isStream;
  }

  /** Says why a hub must not write now, or null. */
  judge(): string | null {
    const { clock, hasJumped, serverOptions } = this.#world;
    const { time } = clock;
    this.#begun ??= time;
    const late = time - this.credentials;
    // A stream that took too long to begin may say so with its first bytes.
    if (late > CHECK && (time > this.#begun || !this.#isStream)) {
      return `nothing comes after the credentials have ended: a hub writes ${late} ms later`;
    }
    // A hub may end a stream up to a tenth earlier or later.
    const overdue = time - this.#begun - 1.1 * serverOptions.maxAge;
    if (overdue > CHECK && !hasJumped) return `no stream outlives its age: a hub writes ${overdue} ms after its end`;
    return null;
  }
}
