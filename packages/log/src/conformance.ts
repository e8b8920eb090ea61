import { describe, expect, test } from "vitest";
import { checkOptions, checkType } from "@tidings/protocol/checks";
import { cursorLaws } from "./conformance/cursors.ts";
import { doorbellLaws } from "./conformance/doorbell.ts";
import type { EngineFacts, Need, OpenLog } from "./conformance/engine.ts";
import { endingProperties } from "./conformance/ending-histories.ts";
import { endLaws } from "./conformance/ends.ts";
import { expectsLaws } from "./conformance/expects.ts";
import { failoverLaws } from "./conformance/failovers.ts";
import { historyProperties } from "./conformance/histories.ts";
import { historyLaws } from "./conformance/history.ts";
import { holeLaws } from "./conformance/holes.ts";
import { idempotencyLaws } from "./conformance/idempotency.ts";
import { latestLaws } from "./conformance/latest.ts";
import { appliesTo, tryLaw, type Law } from "./conformance/law.ts";
import { limitLaws } from "./conformance/limits.ts";
import { orderLaws } from "./conformance/order.ts";
import { refusedEntryLaws } from "./conformance/refused-entries.ts";
import { retentionLaws } from "./conformance/retention.ts";
import { ruleProperties } from "./conformance/rule-histories.ts";
import { ruleLaws } from "./conformance/rules.ts";
import { volatileLaws } from "./conformance/volatile.ts";

export { appliesTo, tryLaw } from "./conformance/law.ts";
export type { Controls, Engine, EngineFacts, Need, OpenedLog, OpenLog, OpenOptions } from "./conformance/engine.ts";
export type { Law, LawName } from "./conformance/law.ts";

/** The laws of a log, as data. */
export const laws: readonly Law[] = [
  ...cursorLaws,
  ...failoverLaws,
  ...orderLaws,
  ...refusedEntryLaws,
  ...holeLaws,
  ...limitLaws,
  ...latestLaws,
  ...expectsLaws,
  ...endLaws,
  ...volatileLaws,
  ...retentionLaws,
  ...ruleLaws,
  ...idempotencyLaws,
  ...historyLaws,
  ...doorbellLaws,
  ...historyProperties,
  ...ruleProperties,
  ...endingProperties,
];

/** The law with a title. @throws Error if there is none */
export function lawOf(title: string): Law {
  const law = laws.find((each) => each.title === title);
  if (law === undefined) throw new Error(`Expected the title of a law, got "${title}".`);
  return law;
}

/**
 * Registers the conformance suite for an engine with vitest. The title of a test names the law that it checks.
 *
 * @param name names the engine in the titles
 * @param open opens an empty log
 * @param facts says which laws apply to the engine
 * @example
 * describeEventLog(
 *   "memoryLog",
 *   async (options) => {
 *     const log = memoryLog(options);
 *     return { log, another: async () => log, reopen: async () => memoryLog(options) };
 *   },
 *   {
 *     survivesReopen: false,
 *     heedsClock: true,
 *     runs: 100,
 *     lacks: { restart: "it ends with its process", … },
 *   },
 * );
 */
export function describeEventLog(name: string, open: OpenLog, facts: EngineFacts): void {
  checkType("open", open ?? null, "function");
  checkOptions("the facts of describeEventLog", facts, {
    survivesReopen: "boolean",
    heedsClock: "boolean",
    runs: "number",
    lacks: "object",
  });
  const { lacks = {} } = facts;
  checkOptions("lacks", lacks, { cutDoorbell: "string", restart: "string", loseSuffix: "string", skewed: "string" });
  describe(`${name} keeps the laws of a log`, () => {
    for (const law of laws.filter((each) => appliesTo(each, facts))) {
      // oxlint-disable-next-line vitest/expect-expect -- the assertions are inside the laws
      test(`${law.law}: ${law.title}`, () => tryLaw(law, { open, facts }));
    }
    // The names of the options were checked.
    for (const [need, reason] of Object.entries(lacks) as [Need, string][]) {
      test(`it has no ${need}: ${reason}`, async () => {
        const opened = await open({}, []);
        await opened.log.close();
        expect(opened[need], `"${need}" of the log that was opened, or a reason in "lacks", not both`).toBeUndefined();
      });
    }
  });
}
