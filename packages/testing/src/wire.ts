import { errorLaws } from "./wire/errors.ts";
import { gapLaws } from "./wire/gaps.ts";
import { appliesTo, tryLaw, type Law, type Trial } from "./wire/law.ts";
import { modeLaws } from "./wire/modes.ts";
import { pageLaws } from "./wire/pages.ts";
import { pathLaws } from "./wire/paths.ts";
import { requestLaws } from "./wire/requests.ts";
import { startLaws } from "./wire/starts.ts";
import { streamLaws } from "./wire/streams.ts";

export { appliesTo, tryLaw } from "./wire/law.ts";
export type { Law, Trial } from "./wire/law.ts";
export type { OpenServer, WireFacts, WireServer } from "./wire/server.ts";

/** Everything that PROTOCOL.md asks of a server and that can be seen from outside, as data, from its top to its bottom. */
export const laws: readonly Law[] = [
  ...pathLaws,
  ...startLaws,
  ...requestLaws,
  ...streamLaws,
  ...modeLaws,
  ...pageLaws,
  ...gapLaws,
  ...errorLaws,
];

/** What the suite needs of a test runner: vitest and node:test both have it. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * Registers the suite for a server with a test runner. Every test names the sentence of PROTOCOL.md that it tries.
 *
 * @example
 * import * as runner from "node:test";
 *
 * describeWire("my server", { open: startMyServer, facts: { http: 1 } }, runner);
 */
export function describeWire(name: string, trial: Trial, { describe, test }: Runner): void {
  describe(`${name} keeps the protocol`, () => {
    for (const law of laws.filter((each) => appliesTo(each, trial.facts))) {
      test(law.title, () => tryLaw(law, trial));
    }
  });
}
