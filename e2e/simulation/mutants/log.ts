import type { Mutant } from "./mutant.ts";

const inLog = (law: string, breaks: string, from: string, to: string): Mutant => ({
  law,
  breaks,
  file: "packages/log/src/memory-log.ts",
  from,
  to,
});
const inMarks = (breaks: string, from: string, to: string): Mutant => ({
  law: "law 7",
  breaks,
  file: "packages/log/src/trim-marks.ts",
  from,
  to,
});

const inSqlite =
  (file: string) =>
  (law: string, breaks: string, from: string, to: string, seed?: number): Mutant => ({
    law,
    breaks,
    file: `packages/log-sqlite/src/${file}.ts`,
    from,
    to,
    isOnSqlite: true,
    ...(seed === undefined ? {} : { seed }),
  });

const VALID = "epoch === this.#epoch && seq <= this.#head";

/** Logs that break their word. */
export const logMutants: readonly Mutant[] = [
  inMarks("no trim check", "if (to > seq) holes", "if (to > seq && false) holes"),
  inMarks(
    "a global instead of a per-channel trim mark",
    "const to = this.marks.get(channel) ?? 0;",
    "const to = this.#largest;",
  ),
  inLog("law 3", "no epoch in the cursor", VALID, "seq <= this.#head"),
  inLog("law 3", "an epoch counter instead of a token", "newEpoch(random)", '"111111111111"'),
  inLog("law 4", "the end of an epoch is not compared", VALID, "epoch === this.#epoch"),
  inLog(
    "law 5",
    "visible out of order",
    "const list = this.#entries[kind].add(path, place);",
    "const list = { size: 0, oldest: () => undefined };\n    const show = () => { this.#entries[kind].add(path, place); };\n    if (seq % 2 === 0) show();\n    else queueMicrotask(() => queueMicrotask(show));",
  ),
  inLog("idempotency", "a known key appends again", "if (first !== undefined) return", "if (first === -1) return"),
  inLog("latest", "a superseded value is still there", "      this.#drop(superseded);\n", ""),
  inLog("volatile", "never too old", '"volatile" ? VOLATILE_AGE', '"volatile" ? Infinity'),
  inLog(
    "latest",
    "a value that has expired is not withdrawn",
    "for (const entry of expired) this.#appendOne({ ...entry, data: null }, now);",
    "",
  ),
  inLog(
    "history",
    "the event before a position is left out",
    "const end = before?.seq ?? this.#head + 1;",
    "const end = before === undefined ? this.#head + 1 : before.seq - 1;",
  ),
  inSqlite("log-writer")(
    "patience",
    "an append waits for ever",
    "const waits = now - since < patience;",
    "const waits = true;",
  ),
  inSqlite("sqlite-log")(
    "law 10",
    "nobody hears what another process has written",
    "if (this.#hasChanged()) this.#wakeWatchers();",
    "this.#hasChanged();",
  ),
  inSqlite("schema")(
    "law 7",
    "what is deleted leaves no mark",
    "trimmed_to = iif(old.kind = ${RELIABLE}, max(trimmed_to, old.seq), trimmed_to)",
    "trimmed_to = trimmed_to",
    4_455,
  ),
  inSqlite("epochs")(
    "law 4",
    "the end of an epoch is not compared by SQLite",
    'seq > Math.min(match.end, head) ? "lost" : null',
    'seq > head ? "lost" : null',
    4_356,
  ),
  inSqlite("sqlite-log")(
    "law 3",
    "an older copy goes on in its own epoch",
    "      beginEpoch(opened, newEpoch(random));\n",
    "",
  ),
  inSqlite("entry-row")(
    "volatile",
    "never too old on SQLite",
    "if (kind === VOLATILE) return Math.abs(now - at) < VOLATILE_AGE;",
    "if (kind === VOLATILE) return true;",
    4_455,
  ),
];
