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

/** Everything that PROTOCOL.md asks of a server and that can be seen from outside, as data, from its top to its bottom. */
export const laws: readonly Law[] = [
  ...pathLaws,
  ...startLaws,
  ...requestLaws,
  ...ticketLaws,
  ...streamLaws,
  ...modeLaws,
  ...endLaws,
  ...pageLaws,
  ...gapLaws,
  ...failoverLaws,
  ...errorLaws,
  ...outageLaws,
];

/** What the suite needs of a test runner: vitest and node:test both have it. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: (context: SkippableContext) => Promise<void>) => unknown;
}

interface SkippableContext {
  skip(note: string): unknown;
}

/**
 * Registers the suite for a server with a test runner. Every test names the sentence of PROTOCOL.md that it tries; what
 * cannot be tried there is skipped, and says why.
 *
 * @example
 * import * as runner from "node:test";
 *
 * describeWire("my server", { open: startMyServer, facts: { http: 1 }, lacks: { failOver: "one log, in memory" } }, runner);
 */
export function describeWire(name: string, trial: Trial, { describe, test }: Runner): void {
  describe(`${name} keeps the protocol`, () => {
    for (const law of laws.filter((each) => appliesTo(each, trial.facts))) {
      const reason = whyNot(law, trial);
      test(law.title, async (context) => (reason === null ? tryLaw(law, trial) : void context.skip(reason)));
    }
  });
}
