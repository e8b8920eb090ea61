/** A position in a log. Positions of different epochs cannot be compared. */
export interface Cursor {
  /** The identity of one lifetime of a log: a random token of 1 to 40 characters `A-Z a-z 0-9 _ -`. */
  readonly epoch: string;
  /** An integer from 0 to 2^53 - 1. 0 is the position before the first entry. */
  readonly seq: number;
}

/**
 * A new epoch: 12 random letters and digits. Never a counter: a counter comes again after a restart from an old copy.
 * @param random uniform in [0, 1)
 */
export function newEpoch(random: () => number): string {
  return Array.from({ length: 12 }, () => Math.floor(random() * 36).toString(36)).join("");
}

const TOKEN = /^[\w-]{1,40}\.(?:0|[1-9]\d{0,15})$/;

/** The cursor as one ASCII token of at most 57 bytes: the id of an event. */
export function formatCursor({ epoch, seq }: Cursor): string {
  return `${epoch}.${seq}`;
}

/** The cursor that a token stands for; null if the text is not a token. */
export function parseCursor(token: string): Cursor | null {
  // A test without groups, since the groups of a match take longer than the rest.
  if (!TOKEN.test(token)) return null;
  const dot = token.indexOf(".");
  const seq = Number(token.slice(dot + 1));
  return Number.isSafeInteger(seq) ? { epoch: token.slice(0, dot), seq } : null;
}

const LOG_EPOCH = /^[\w-]{1,24}$/;

/**
 * Whether a log may have this epoch: 1 to 24 characters `A-Z a-z 0-9 _ -`, and no two hyphens in a row. The other 16
 * characters of a cursor's epoch are left for the server, which can mark a position inside of a page with them.
 */
export function isLogEpoch(epoch: string): boolean {
  return LOG_EPOCH.test(epoch) && !epoch.includes("--");
}

/** Whether a text is the token of a cursor. */
export function isCursor(text: string): boolean {
  return parseCursor(text) !== null;
}

/**
 * Whether `seen` is certainly at or after `position`: it has the same epoch, and its `seq` is not smaller. Null covers
 * nothing, and nothing covers null.
 */
export function covers(seen: Cursor | null, position: Cursor | null): boolean {
  return seen !== null && position !== null && seen.epoch === position.epoch && seen.seq >= position.seq;
}

/** {@link covers}, for tokens of cursors. */
export function coversToken(seen: string | null, position: string | null): boolean {
  return covers(parseCursor(seen ?? ""), parseCursor(position ?? ""));
}
