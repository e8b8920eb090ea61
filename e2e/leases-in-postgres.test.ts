import { postgresLog } from "@tidings/log-postgres";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { server } from "../packages/log-postgres/test/test-server.ts";
import { contract } from "./leases/contract.ts";

const answer = contract.answer({ id: "a" });
const OPTIONS = { ttl: 1_000, aborted: { outcome: "aborted" } } as const;

/** Two hubs on one schema. */
async function start() {
  const schema = server.newSchema();
  const hubs = [];
  for (let number = 0; number < 2; number++) {
    const log = await postgresLog(server.url, { schema });
    const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
    onTestFinished(() => hub.close());
    hubs.push({ log, hub });
  }
  const [ada, bob] = hubs;
  if (ada === undefined || bob === undefined) throw new Error("Expected two hubs.");
  const written = async () => (await bob.log.recent([answer.path], 100)).entries;
  return { ada, bob, written };
}

test("on PostgreSQL, one writer has a lease, publishes with the ids of the log, and hears of a stop", async () => {
  const { ada, bob, written } = await start();
  const writer = await ada.hub.lease(answer, OPTIONS);
  await expect(bob.hub.lease(answer, OPTIONS)).rejects.toMatchObject({ code: "taken" });
  const published = await Promise.all(["a", "b", "c"].map((text) => writer.publish("token", { text })));
  await bob.hub.stop(answer, "enough");
  await expect.poll(() => writer.signal.reason as unknown).toMatchObject({ code: "stopped", reason: "enough" });
  const end = await writer.end({ outcome: "stopped" });
  const ids = (await written()).map(({ epoch, seq }) => `${epoch}.${seq}`);
  expect(ids).toEqual([...published, end].map(({ id }) => id));
  await expect(bob.hub.lease(answer, OPTIONS)).rejects.toMatchObject({ code: "ended" });
});

test("where transactions of PostgreSQL are serializable by default, a lease says what to set", async () => {
  const options = "-c default_transaction_isolation=serializable";
  const log = await postgresLog({ connectionString: server.url, options }, { schema: server.newSchema() });
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  await expect(hub.lease(answer, OPTIONS)).rejects.toThrow(
    /got a serializable one\. Set default_transaction_isolation to 'read committed' for the role of the log/,
  );
});

test("on PostgreSQL, a writer whose log has gone is ended by another process", async () => {
  const { ada, written } = await start();
  const writer = await ada.hub.lease(answer, OPTIONS);
  await writer.publish("token", { text: "half" });
  await ada.log.close();
  await expect
    .poll(async () => (await written()).map(({ data }) => data))
    .toEqual(['{"text":"half"}', '{"outcome":"aborted"}']);
  await expect(writer.publish("token", { text: "late" })).rejects.toMatchObject({ code: "lost" });
});
