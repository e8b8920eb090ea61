/** A hub looks at deadlines once a second, and needs a moment for that. */
const LOOK = 1_050;
/** The same for orders, when reads are slow or fail. */
const LATE = 60_000;
/** Milliseconds in which every hub reads an order, by its poll at the latest. */
const POLL = 1_050;
/**
 * How long the application may take to say who may read, asked when a stream opens and again for an order that came
 * meanwhile.
 */
const SLOW_RIGHTS = 9_000;

type Slowness = Record<"hasBadReads" | "hasSlowRights" | "hasSlowStates" | "hasRestarts", boolean>;

/** Milliseconds in which a hub may not have read yet that a right was taken. */
export function graceOf({ hasBadReads, hasSlowRights, hasSlowStates, hasRestarts }: Slowness): number {
  // Who has been told to end reads no orders any more, and may still wait for the state of a page.
  if (hasBadReads || (hasSlowStates && hasRestarts)) return LATE;
  return hasSlowRights ? POLL + SLOW_RIGHTS : POLL;
}

export interface DeadlineWorld {
  readonly clock: { readonly time: number };
  readonly serverOptions: { readonly maxAge: number };
  readonly hasJumped: boolean;
}

/** When an answer has to be over, and with what it was asked for. */
export class Deadline {
  readonly #world: DeadlineWorld;
  readonly #isStream: boolean;
  /** When its first bytes were written, in milliseconds since the world began. */
  #begun: number | null = null;
  /** When the credentials end that it was asked for with, in milliseconds since the world began. */
  credentials = Infinity;

  constructor(world: DeadlineWorld, isStream: boolean) {
    this.#world = world;
    this.#isStream = isStream;
  }

  /** What is wrong with it that a hub writes now, or null. */
  judge(): string | null {
    const { clock, hasJumped, serverOptions } = this.#world;
    const { time } = clock;
    this.#begun ??= time;
    const late = time - this.credentials;
    // A stream that took too long to begin says so with its first words.
    if (late > LOOK && (time > this.#begun || !this.#isStream))
      return `nothing comes after the credentials have ended: ${late} ms after, a hub writes`;
    // A tenth more or less is for the hub to choose.
    const overdue = time - this.#begun - 1.1 * serverOptions.maxAge;
    if (overdue > LOOK && !hasJumped) return `no stream outlives its age: a hub writes ${overdue} ms after its end`;
    return null;
  }
}
