import { inLog, type Mutant } from "./mutant.ts";

/** Logs of which a method does not do what it says. */
export const methodMutants: readonly Mutant[] = [
  inLog("append", "appends the half of a batch that can be read", "batch.map((entry) => ({ ...entry }))", "batch"),
  inLog(
    "append",
    "takes the batch when the caller has gone on",
    "const entries = batch",
    "await null;\n    const entries = batch",
  ),
  inLog("append", "gives every entry a key", "key === undefined\n        ?", "key === null\n        ?"),
  inLog("limits", "ignores the limit of entries", "(scanned > 0 && scanned >= limit.entries)", "scanned < 0"),
  inLog("limits", "ignores the limit of bytes", "(entries.length > 0 && bytes > limit.bytes)", "scanned < 0"),
  inLog(
    "limits",
    "returns nothing of what is larger than the limit",
    "(entries.length > 0 && bytes > limit.bytes)",
    "bytes > limit.bytes",
  ),
  inLog(
    "limits",
    "passes over the entry that did not fit",
    "if (owed) bytes +=",
    "next = entry.seq;\n      if (owed) bytes +=",
  ),
  inLog("limits", "says that a full page was the last", "more: true, holes };", "more: false, holes };"),
  inLog("limits", "returns what is not asked for", "if (channels === null) return", "return"),
  inLog("limits", "reads a channel twice that is named twice", "[...new Set(channels)]", "channels"),
  inLog("limits", "reads on for who has gone", "signal?.throwIfAborted();", ""),
  {
    law: "limits",
    breaks: "merges channels out of order",
    file: "entry-list.ts",
    from: "place.seq * this.#step",
    to: "-place.seq * this.#step",
  },
  {
    law: "limits",
    breaks: "finds positions one too late",
    file: "entry-list.ts",
    from: "<= seq) low",
    to: "<= seq + 1) low",
  },
  inLog(
    "recent",
    "counts values as history",
    'map((index) => index.list("reliable").before(end))',
    'flatMap((index) => ["reliable", "latest"].map((kind) => index.list(kind).before(end)))',
  ),
  inLog("recent", "returns the newest first", "entries: entries.toReversed()", "entries"),
  inLog("recent", "promises older ones that there are not", "more: older !== null", "more: entries.length === n"),
  inLog(
    "recent",
    "returns the entry before which it was asked",
    "const end = before?.seq ??",
    "const end = before === undefined ? this.#head + 1 : before.seq + 1 ??",
  ),
  inLog(
    "current",
    "skips the rest of the values after a page",
    "next: this.#cursor(next), more: true, holes };",
    "next: this.#cursor(this.#head), more: true, holes };",
  ),
  inLog(
    "current",
    "starts over with every page",
    "const from = after ?? this.#cursor(0);",
    "const from = this.#cursor(0);",
  ),
  inLog(
    "current",
    "ignores its limit",
    "if ((scanned > 0 && scanned >= limit.entries) || (entries.length > 0 && bytes > limit.bytes)) {",
    "if (scanned < 0) {",
  ),
  inLog(
    "current",
    "ends at the last value instead of the head",
    "next: this.#cursor(this.#head), more: false, holes };",
    "next: this.#cursor(next), more: false, holes };",
  ),
  inLog(
    "close",
    "appends after it was closed",
    "if (this.#closed) throw",
    "if (this.#closed && batch.length < 0) throw",
  ),
];
