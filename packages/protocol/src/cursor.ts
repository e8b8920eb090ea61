/** A position in a log. Positions of different epochs cannot be compared. */
export interface Cursor {
  /** Identity of one lifetime of a log: a random token of 1 to 40 characters `A-Z a-z 0-9 _ -`. */
  readonly epoch: string;
  /** 0 to 2^53 - 1; 0 is before the first entry. */
  readonly seq: number;
}

/**
 * A new epoch: 12 random letters and digits. Never a counter: a counter comes again after a restart from an old copy.
 * @param random uniform in [0, 1)
 */
export function newEpoch(random: () => number): string {
  return Array.from({ length: 12 }, () => Math.floor(random() * 36).toString(36)).join("");
}

const TOKEN = /^([\w-]{1,40})\.(0|[1-9]\d{0,15})$/;

/** The cursor as one ASCII token of 57 bytes at most: an event's id. */
export function formatCursor({ epoch, seq }: Cursor): string {
  return `${epoch}.${seq}`;
}

/** The cursor of a token, or null when the text is none. */
export function parseCursor(token: string): Cursor | null {
  const [, epoch = "", digits] = TOKEN.exec(token) ?? [];
  const seq = Number(digits);
  return Number.isSafeInteger(seq) ? { epoch, seq } : null;
}

/** Whether a text is a cursor's token. */
export function isCursor(text: string): boolean {
  return parseCursor(text) !== null;
}

/** Whether `seen` is known to be at or after `position`: same epoch, and no smaller `seq`. */
export function covers(seen: Cursor, position: Cursor): boolean {
  return seen.epoch === position.epoch && seen.seq >= position.seq;
}

/** {@link covers}, for tokens of cursors; null is a position that nothing covers, and that covers nothing. */
export function coversToken(seen: string | null, position: string | null): boolean {
  const ours = parseCursor(seen ?? "");
  const theirs = parseCursor(position ?? "");
  return !!ours && !!theirs && covers(ours, theirs);
}
