import { AppendError, isEnd, type NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { toInteger } from "@tidings/log/engine";

/** How the scripts name the kinds of entries. A withdrawal is a kind of its own: retention drops it, unlike a value. */
type Kind = "r" | "v" | "w" | "h";

/**
 * A batch as the script that appends takes it, as JSON. It copies the entries, so later changes of the caller's objects
 * have no effect.
 *
 * @param volatileAge the lifetime of volatile entries, in milliseconds
 * @throws AppendError if a text has no UTF-8
 */
export function encodeBatch(batch: readonly NewEntry[], volatileAge: number): string {
  return JSON.stringify(batch.map((entry) => encodeEntry(entry, volatileAge)));
}

function encodeEntry(entry: NewEntry, volatileAge: number) {
  const { channel, type, mode, key = "", data, idempotencyKey: once } = entry;
  const kind = kindOf(mode, data);
  for (const text of [channel, type, key, data ?? "", once ?? ""]) checkText(text);
  return {
    channel,
    type,
    kind,
    key,
    data: data ?? "",
    // What is stored beside the data.
    header: JSON.stringify(once === undefined ? [channel, type, key] : [channel, type, key, once]),
    once,
    life: kind === "h" ? volatileAge : kind === "v" ? encodeLife(entry.expires) : undefined,
    ends: isEnd(entry) || undefined,
    expects: encodeExpected(entry.expects),
  };
}

function kindOf(mode: NewEntry["mode"], data: string | null): Kind {
  if (mode === "latest") return data === null ? "w" : "v";
  return mode === "reliable" ? "r" : "h";
}

function encodeLife(expires: number | undefined): number | undefined {
  return expires === undefined || expires === Infinity ? undefined : toInteger(expires);
}

/** The id of the expected value; empty if none is expected. */
function encodeExpected(cursor: Cursor | null | undefined): string | undefined {
  return cursor === null ? "" : cursor && formatCursor(cursor);
}

/** A lone surrogate would make the whole group fail. */
function checkText(text: string): void {
  if (text.isWellFormed()) return;
  throw new AppendError(
    "none",
    `Expected a text that has UTF-8, got one with a lone surrogate: ${JSON.stringify(text)}.`,
  );
}
