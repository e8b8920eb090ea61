import { checkMethods, checkObject, checkType } from "@tidings/protocol/checks";
import { channelEndLaws } from "./wire/channel-ends.ts";
import { endLaws } from "./wire/ends.ts";
import { errorLaws } from "./wire/errors.ts";
import { failoverLaws } from "./wire/failovers.ts";
import { gapLaws } from "./wire/gaps.ts";
import { appliesTo, tryLaw, whyNot, type Law, type Trial } from "./wire/law.ts";
import { modeLaws } from "./wire/modes.ts";
import { outageLaws } from "./wire/outages.ts";
import { pageLaws } from "./wire/pages.ts";
import { pathLaws } from "./wire/paths.ts";
import { requestLaws } from "./wire/requests.ts";
import { startLaws } from "./wire/starts.ts";
import { streamLaws } from "./wire/streams.ts";
import { ticketLaws } from "./wire/tickets.ts";

export { appliesTo, tryLaw, whyNot } from "./wire/law.ts";
export type { Law, Trial } from "./wire/law.ts";
export type { Controls, Furniture, Need, OpenServer, WireFacts, WireServer } from "./wire/server.ts";

/** The laws of a server, as data: what PROTOCOL.md requires and a client can observe, in the order of the document. */
export const laws: readonly Law[] = [
  ...pathLaws,
  ...startLaws,
  ...requestLaws,
  ...ticketLaws,
  ...streamLaws,
  ...modeLaws,
  ...endLaws,
  ...channelEndLaws,
  ...pageLaws,
  ...gapLaws,
  ...failoverLaws,
  ...errorLaws,
  ...outageLaws,
];

/** The part of a test runner that the suite uses. vitest and node:test both have it. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: (test: SkippableTest) => Promise<void>) => unknown;
}

/** A running test. */
interface SkippableTest {
  skip(note: string): unknown;
}

/**
 * Registers the suite for a server with a test runner. The title of a test is the sentence of PROTOCOL.md that it
 * checks. A law that cannot be checked on the server is skipped with the reason.
 *
 * @param name names the server in the titles
 * @example
 * import * as runner from "node:test";
 *
 * const lacks = { failOver: "one log, in memory" };
 * describeWire("my server", { open: startMyServer, facts: { http: 1 }, lacks }, runner);
 */
export function describeWire(name: string, trial: Trial, runner: Runner): void {
  checkObject("the trial of describeWire", trial, ["open", "facts", "lacks", "patience"]);
  checkMethods("trial", trial, ["open"]);
  checkType("facts", trial.facts ?? null, "object");
  checkMethods("runner", runner, ["describe", "test"]);
  const { describe, test } = runner;
  describe(`${name} keeps the protocol`, () => {
    for (const law of laws.filter((each) => appliesTo(each, trial.facts))) {
      const reason = whyNot(law, trial);
      test(law.title, async (running) => {
        if (reason === null) await tryLaw(law, trial);
        else running.skip(reason);
      });
    }
  });
}
