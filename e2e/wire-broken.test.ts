import { appliesTo, describeWire, laws, tryLaw, type Law, type OpenServer } from "@tidings/testing/wire";
import { describe, expect, test } from "vitest";
import type { Break } from "./wire/broken-server.ts";
import { brokenServers } from "./wire/broken-servers.ts";
import { openBehind } from "./wire/house.ts";
import { openPatched } from "./wire/patching-proxy.ts";
import { servers } from "./wire/servers.ts";

// The suite is worth as much as what it notices: for every way of breaking the protocol there is a server that does, and the law
// that it breaks must say so.

const FACTS = { http: 1 } as const;
const tried = laws.filter((law) => appliesTo(law, FACTS));

function openBroken({ controls, ...patch }: Break): OpenServer {
  return async () => {
    const good = await openBehind(servers[0]?.serve ?? expect.fail("Expected a server to break."))();
    const { url, close } = await openPatched(good.url, patch);
    return {
      ...good,
      ...controls?.(good),
      url,
      async close() {
        close();
        await good.close();
      },
    };
  };
}

/** What the laws of this name say of a server. */
async function failuresOf(broken: Break, named: readonly Law[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(
    // A few heartbeats: what is swallowed is missed soon.
    named.map((law) => tryLaw(law, { open: openBroken(broken), facts: FACTS, patience: 3_000 })),
  );
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
}

describeWire(
  "a proxy that changes nothing",
  { open: openBroken({}), facts: FACTS },
  { describe: describe.concurrent, test },
);

describe.concurrent("the suite notices", () => {
  for (const { law, breaks, ...broken } of brokenServers) {
    test(`a server that ${breaks}, by ${law}`, async () => {
      const named = tried.filter(({ title }) => title.startsWith(law));
      expect(named).not.toEqual([]);
      expect(await failuresOf(broken, named)).not.toEqual([]);
    });
  }
});

test("every law has a server that breaks it", () => {
  const isBroken = ({ title }: Law) => brokenServers.some(({ law }) => title.startsWith(law));
  expect(laws.filter((law) => !isBroken(law)).map(({ title }) => title)).toEqual([]);
});
