import { inLog, type Mutant } from "./mutant.ts";

const VALID = "if (epoch === this.#epoch && seq <= this.#head) return null;";
const APPENDED = "const appended = entries.map((entry) => this.#appendOne(entry, now));";
const PLACED = "const list = this.#entries[kind].add(path, place);";

/** Logs that break a numbered law. */
export const lawMutants: readonly Mutant[] = [
  inLog(
    "law 2: the log validates cursors",
    "takes every position for its own",
    VALID,
    "if (epoch !== null) return null;",
  ),
  inLog("law 2: the log validates cursors", "does not compare epochs", VALID, "if (seq <= this.#head) return null;"),
  inLog(
    "law 2: the log validates cursors",
    "does not compare the end of the epoch",
    VALID,
    "if (epoch === this.#epoch) return null;",
  ),
  inLog("law 2: the log validates cursors", "gives the wrong reason", '? "lost" : "reset"', '? "reset" : "lost"'),
  inLog(
    "law 2: the log validates cursors",
    "does not validate where history ends",
    "before === undefined ? null :",
    "before !== null ? null :",
  ),
  inLog(
    "law 2: the log validates cursors",
    "does not validate where current values go on",
    "const from = after ?? this.#cursor(0);",
    "const from = this.#cursor(Math.min(after?.seq ?? 0, this.#head));",
  ),
  inLog(
    "law 2: the log validates cursors",
    "forgets channels without entries when it refuses",
    "new Set(channels ?? [...kept, ...this.#trimmed.marks.keys()])",
    "new Set(channels ?? [])",
  ),
  inLog(
    "law 3: a cursor is an epoch and a position",
    "has the same epoch every time",
    "newEpoch(random)",
    '"eeeeeeeeeeee"',
  ),
  inLog(
    "law 3: a cursor is an epoch and a position",
    "names an epoch with characters that no cursor has",
    "newEpoch(random)",
    "`${newEpoch(random)}.`",
  ),
  inLog("law 4: an epoch has an end", "refuses the end of its epoch", VALID, VALID.replace("<=", "<")),
  inLog(
    "law 4: an epoch has an end",
    "resumes what a process before it gave out",
    "newEpoch(random)",
    '"eeeeeeeeeeee"',
  ),
  inLog(
    "law 5: append order is visibility order",
    "appends a batch backwards",
    APPENDED,
    APPENDED.replace("entries.map", "entries.toReversed().map").replace(";", ".reverse();"),
  ),
  inLog(
    "law 5: append order is visibility order",
    "shows every second entry late",
    PLACED,
    `const list = { size: 0 };\n    const show = () => { this.#entries[kind].add(path, place); };\n    if (seq % 2 === 0) show();\n    else queueMicrotask(() => queueMicrotask(show));`,
  ),
  inLog(
    "law 5: append order is visibility order",
    "shows a batch in parts",
    APPENDED,
    "const appended = [];\n    for (const entry of entries) { appended.push(this.#appendOne(entry, now)); await null; }",
  ),
  inLog(
    "law 6: acked is appended",
    "acknowledges first and appends then",
    APPENDED,
    "const appended = entries.map((_, index) => ({ cursor: this.#cursor(this.#head + 1 + index), duplicate: false }));\n    setTimeout(() => entries.forEach((entry) => this.#appendOne(entry, now)));",
  ),
  inLog(
    "law 7: a gap for every hole, none without",
    "lets a value live on whose withdrawal it trims",
    'kind === "reliable" || isMissed',
    'kind === "reliable"',
  ),
  inLog(
    "law 7: a gap for every hole, none without",
    "misses withdrawals that have a newer value",
    "this.#newest.get(nameOf(entry)) === place",
    "true",
  ),
  {
    law: "law 7: a gap for every hole, none without",
    breaks: "makes a hole smaller again",
    file: "trim-marks.ts",
    from: "Math.max(this.marks.get(channel) ?? 0, seq)",
    to: "seq",
  },
  inLog(
    "law 7: a gap for every hole, none without",
    "never tells of a hole",
    "const holes = this.#trimmed.holes(after.seq, channels);",
    "const holes = [];",
  ),
  {
    law: "law 7: a gap for every hole, none without",
    breaks: "has one trim mark for all channels",
    file: "trim-marks.ts",
    from: "const to = this.marks.get(channel) ?? 0;",
    to: "const to = this.#largest;",
  },
  {
    law: "law 7: a gap for every hole, none without",
    breaks: "tells of a hole to who has seen the last lost entry",
    file: "trim-marks.ts",
    from: "if (to > seq)",
    to: "if (to >= seq)",
  },
  {
    law: "law 7: a gap for every hole, none without",
    breaks: "hides a hole of one entry",
    file: "trim-marks.ts",
    from: "if (to > seq)",
    to: "if (to > seq + 1)",
  },
  inLog(
    "law 7: a gap for every hole, none without",
    "forgets the hole of a channel that is empty",
    "const holes = this.#trimmed.holes(after.seq, channels);",
    "const holes = this.#trimmed.holes(after.seq, channels).filter(({ channel }) => this.#entries.reliable.lists.has(channel));",
  ),
  inLog(
    "law 7: a gap for every hole, none without",
    "counts superseded values as lost",
    'if (kind === "reliable" || isMissed) this.#trimmed',
    'if (kind !== "volatile") this.#trimmed',
  ),
  inLog(
    "law 7: a gap for every hole, none without",
    "evicts a quiet channel for a noisy one",
    "list.size > this.#keep.entries) this.#drop(list.oldest())",
    "this.#entries[kind].all.size > this.#keep.entries) this.#drop(this.#entries[kind].all.oldest())",
  ),
  inLog("law 10: the doorbell", "never rings", "if (appended.some(({ duplicate }) => !duplicate)) this.#wake();", ""),
  inLog("law 10: the doorbell", "fails an append for a watcher that throws", "} catch {", "} finally {"),
  inLog(
    "law 10: the doorbell",
    "takes two watches of one function for one",
    "const bell = { wake };",
    "const bell = (wake.bell ??= { wake });",
  ),
  inLog(
    "law 11: filtering is no gap",
    "stands still at the last entry of the channels asked for",
    "next: this.#cursor(this.#head), more: false, holes };",
    "next: this.#cursor(next), more: false, holes };",
  ),
  inLog(
    "law 11: filtering is no gap",
    "takes passed over entries for a hole",
    "const holes = this.#trimmed.holes(after.seq, channels);",
    "const holes = this.#trimmed.holes(after.seq, null);",
  ),
];
