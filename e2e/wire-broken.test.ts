import { appliesTo, laws, tryLaw, type Law, type OpenServer } from "@tidings/testing/wire";
import { expect, test } from "vitest";
import { brokenServers } from "./wire/broken-servers.ts";
import { openBehind } from "./wire/house.ts";
import { openPatched, type Patch } from "./wire/patching-proxy.ts";
import { servers } from "./wire/servers.ts";

// The suite is worth as much as what it notices: for every way of breaking the protocol there is a server that does, and the law
// that it breaks must say so.

const FACTS = { http: 1 } as const;
const tried = laws.filter((law) => appliesTo(law, FACTS));

function openBroken(patch: Patch): OpenServer {
  return async () => {
    const good = await openBehind(servers[0]?.serve ?? expect.fail("Expected a server to break."))();
    const { url, close } = await openPatched(good.url, patch);
    return {
      ...good,
      url,
      async close() {
        close();
        await good.close();
      },
    };
  };
}

/** What the laws of this name say of a server. */
async function failuresOf(patch: Patch, named: readonly Law[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(
    // A few heartbeats: what is swallowed is missed soon.
    named.map((law) => tryLaw(law, { open: openBroken(patch), facts: FACTS, patience: 3_000 })),
  );
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
}

test("a proxy that changes nothing passes", async () => {
  // It speaks HTTP/1.1 whatever it was asked in.
  const passed = tried.filter(({ only }) => Object.keys(only).length === 0);
  for (const law of passed) expect(await failuresOf({}, [law]), law.title).toEqual([]);
}, 60_000);

for (const { law, breaks, ...patch } of brokenServers) {
  test(`a server that ${breaks} fails ${law}`, async () => {
    const named = tried.filter(({ title }) => title.startsWith(law));
    expect(named).not.toEqual([]);
    expect(await failuresOf(patch, named)).not.toEqual([]);
  });
}

test("every section has a server that breaks it", () => {
  const broken = new Set(brokenServers.map(({ law }) => law.split(":")[0]));
  expect([...new Set(laws.map(({ section }) => section))].filter((section) => !broken.has(section))).toEqual([]);
});
