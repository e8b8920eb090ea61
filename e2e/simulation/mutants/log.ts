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
  inLog("law 3", "an epoch counter instead of a token", "Math.floor(random() * 36).toString(36)", '"1"'),
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
];
