import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { serveHub } from "./serve-hub.ts";

const contract = defineContract({ room: channel("rooms/:roomId", { said: z.object({ text: z.string() }) }) });
const room = contract.room({ roomId: "lobby" });
const PATIENCE = { timeout: 30_000 };
const openLog = () => memoryLog({ keep: { age: 3_600_000 } });

afterEach(() => vi.restoreAllMocks());

/** What both consoles say with the default options, in production, too. */
function listen() {
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  const [warn, error] = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  for (const spy of [warn, error]) spy.mockImplementation(() => {});
  const textOf = (calls: readonly unknown[][]) =>
    calls.map((args) => args.map((each) => (each instanceof Error ? each.message : JSON.stringify(each))).join(" "));
  return { warnings: () => textOf(warn.mock.calls), errors: () => textOf(error.mock.calls) };
}

test.each([
  [
    "authorize forgets its return",
    () => createHub(contract, { log: openLog(), authorize: (() => {}) as unknown as () => boolean }),
    ["rooms/lobby", "forbidden", "check that it returns true"],
    "403 forbidden",
    { state: "idle", ended: { state: "closed", reason: "forbidden" } },
    { state: "closed", reason: "forbidden", cause: { code: "refused" } },
  ],
  [
    "authenticate knows nobody",
    () => createHub(contract, { log: openLog(), authorize: () => true, authenticate: () => null }),
    ["unauthenticated", "authenticate knows nobody"],
    "401 unauthenticated",
    { state: "closed", reason: "unauthenticated", cause: { code: "refused" } },
    { state: "closed", reason: "unauthenticated", cause: { code: "refused" } },
  ],
] as const)("where %s, both consoles say so once, and so do the statuses", async (...row) => {
  const [, open, texts, got, status, ofSubscription] = row;
  const { warnings, errors } = listen();
  const port = await serveHub(open());
  const client = createClient(contract, {
    url: `http://127.0.0.1:${port}/events?ticket=secret`,
    headers: { authorization: "Bearer secret" },
  });
  onTestFinished(() => client.close());
  const subscription = client.subscribe(room, { onGap: () => {} });
  await vi.waitFor(() => expect(subscription.status.value).toMatchObject(ofSubscription), PATIENCE);
  await vi.waitFor(() => expect(client.status.value).toMatchObject(status), PATIENCE);
  expect(warnings()).toHaveLength(1);
  for (const text of texts) expect(warnings()[0]).toContain(text);
  expect(errors()).toEqual([expect.stringContaining(`Expected an answer, got ${got}`)]);
  expect([...warnings(), ...errors()].join(" ")).not.toContain("secret");
});
