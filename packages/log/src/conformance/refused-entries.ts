import { expect } from "vitest";
import type { NewEntry } from "../event-log.ts";
import type { Law } from "./law.ts";
import { latest, reliable } from "./publishing.ts";
import { dataOf, readToEnd, startOf } from "./reading.ts";

/** What the types forbid, and JSON from an outbox may have: the entry, and what the error names. */
const malformed: readonly (readonly [entry: object, named: string])[] = [
  [{ ...reliable("a"), channel: undefined }, '"channel"'],
  [{ ...reliable("a"), channel: { path: "a" } }, '"channel"'],
  [{ ...reliable("a"), type: undefined }, '"type"'],
  [{ ...reliable("a"), type: "" }, '"type"'],
  [{ ...reliable("a"), mode: undefined }, '"mode"'],
  [{ ...reliable("a"), mode: "lates" }, '"mode"'],
  [{ ...reliable("a"), data: undefined }, '"data"'],
  [{ ...reliable("a"), data: { text: "hi" } }, '"data"'],
  [{ ...reliable("a"), data: null }, '"data"'],
  [{ ...reliable("a"), idempotencyKey: 5 }, '"idempotencyKey"'],
  [{ ...latest("a", "k", "1"), key: 5 }, '"key"'],
  [{ ...latest("a", "k", "1"), expires: "1000" }, '"expires"'],
  [{ ...latest("a", "k", "1"), expires: 0 }, '"expires"'],
  [{ ...latest("a", "k", "1"), expects: "epoch.1" }, '"expects"'],
];

export const refusedEntryLaws: readonly Law[] = [
  {
    law: "append",
    title: "an entry with a line break in its channel or type is refused: no stream could carry it, nor go on after it",
    async run({ open }) {
      const { log } = await open({});
      for (const text of ["a\nb", "a\rb", "a\0b"]) {
        await expect(log.append([reliable("a"), reliable(text)])).rejects.toThrow('"channel" of entry 2');
        await expect(log.append([reliable("a", "1", { type: text })])).rejects.toThrow('"type" of entry 1');
      }
      expect(dataOf(await readToEnd(log, await startOf(log), null))).toEqual([]);
    },
  },
  {
    law: "append",
    title: "an entry that is none is refused with its batch, and the error names the field",
    async run({ open }) {
      const { log } = await open({});
      for (const [entry, named] of malformed) {
        // As JSON.parse gives it.
        const batch = [reliable("a"), entry as NewEntry];
        await expect(log.append(batch), named).rejects.toThrow(`Expected ${named} of entry 2`);
      }
      await log.append([reliable("a", "1")]);
      expect(dataOf(await readToEnd(log, await startOf(log), null))).toEqual(["1"]);
    },
  },
];
