import { appliesTo, describeWire, laws, tryLaw, type Law, type OpenServer } from "@tidings/testing/wire";
import { describe, expect, test } from "vitest";
import type { Break } from "./wire/broken-server.ts";
import { brokenServers } from "./wire/broken-servers.ts";
import { openPatchingProxy } from "./wire/patching-proxy.ts";
import { openReferenceHub } from "./wire/reference-hub.ts";
import { servers } from "./wire/servers.ts";

// The suite has to notice faults. For each law there is a server that breaks it, and the law must fail on it.

const FACTS = { http: 1 } as const;
const tried = laws.filter((law) => appliesTo(law, FACTS));

function openBroken({ controls, ...patch }: Break): OpenServer {
  return async () => {
    const good = await openReferenceHub(servers[0]?.serve ?? expect.fail("Expected a server to break."));
    const { url, close } = await openPatchingProxy(good.url, patch);
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

/** The failures of these laws on a broken server. */
async function failuresOf(broken: Break, named: readonly Law[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(
    // A few heartbeats are enough to notice that something does not come.
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
