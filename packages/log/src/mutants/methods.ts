import { inLog, type Mutant } from "./mutant.ts";

/** Logs of which a method does not do what it says. */
export const methodMutants: readonly Mutant[] = [
  inLog("append", "appends the half of a batch that can be read", "batch.map((entry) => ({ ...entry }))", "batch"),
  inLog(
    "append",
    "takes the batch when the caller has gone on",
    "const now = this.#now();\n    const entries",
    "await null;\n    const now = this.#now();\n    const entries",
  ),
  inLog("append", "gives every entry a key", "if (key === undefined) return {", "if (key === null) return {"),
  inLog("limits", "ignores the limit of entries", "if (scanned >= limit.entries && scanned > 0)", "if (scanned < 0)"),
  inLog("limits", "ignores the limit of bytes", "if (bytes > limit.bytes && entries.length > 0)", "if (scanned < 0)"),
  inLog(
    "limits",
    "returns nothing of what is larger than the limit",
    "if (bytes > limit.bytes && entries.length > 0)",
    "if (bytes > limit.bytes)",
  ),
  inLog(
    "limits",
    "passes over the entry that did not fit",
    "const { entry } = stored;\n      if (scanned",
    "const { entry } = stored;\n      next = entry.seq;\n      if (scanned",
  ),
  inLog(
    "limits",
    "says that a full page was the last",
    "more: true, holes };\n      if (wanted",
    "more: false, holes };\n      if (wanted",
  ),
  inLog(
    "limits",
    "counts the bytes of what is not asked for",
    "if (wanted?.has(entry.channel)",
    "bytes += wanted === null ? 0 : (entry.data?.length ?? 0);\n      if (wanted?.has(entry.channel)",
  ),
  inLog("limits", "returns what is not asked for when it scans", "wanted?.has(entry.channel) !== false && ", ""),
  inLog("limits", "reads a channel twice that is named twice", "[...new Set(channels)]", "channels"),
  inLog("limits", "reads on for who has gone", "signal?.throwIfAborted();", ""),
  { law: "limits", breaks: "merges channels out of order", file: "merge.ts", from: "child++;", to: "" },
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
    'this.#channels.get(path)?.beforeOf("reliable", end) ?? []',
    '["reliable", "latest"].flatMap((kind) => this.#channels.get(path)?.beforeOf(kind, end) ?? [])',
  ),
  inLog("recent", "returns the newest first", "entries: entries.toReversed()", "entries"),
  inLog("recent", "promises older ones that there are not", "more: older !== undefined", "more: entries.length === n"),
  inLog(
    "recent",
    "returns the entry before which it was asked",
    "const end = before?.seq ??",
    "const end = before === undefined ? this.#head + 1 : before.seq + 1 ??",
  ),
  inLog(
    "current",
    "skips the rest of the values after a page",
    "next: this.#cursor(next), more: true, holes: [] };",
    "next: this.#cursor(this.#head), more: true, holes: [] };",
  ),
  inLog("current", "starts over with every page", "const start = after?.seq ?? 0;", "const start = 0;"),
  inLog(
    "current",
    "ignores its limit",
    "if (entries.length > 0 && (entries.length >= limit.entries || bytes > limit.bytes))",
    "if (entries.length < 0)",
  ),
  inLog(
    "current",
    "ends at the last value instead of the head",
    "next: this.#cursor(this.#head), more: false, holes: [] };",
    "next: this.#cursor(next), more: false, holes: [] };",
  ),
  inLog(
    "close",
    "appends after it was closed",
    "if (this.#closed) throw",
    "if (this.#closed && batch.length < 0) throw",
  ),
];
