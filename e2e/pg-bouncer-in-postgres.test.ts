import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { postgresLog } from "@tidings/log-postgres";
import { createHub } from "@tidings/server";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startPgBouncer, type BouncerSettings } from "../packages/log-postgres/test/pg-bouncer.ts";
import { connect, server as shared, startServer } from "../packages/log-postgres/test/test-server.ts";
import { contract } from "./leases/contract.ts";

vi.setConfig({ testTimeout: 60_000 });

const room = contract.board({ id: "lobby" });
const answer = contract.answer({ id: "a" });
/** How the warning begins. */
const DEAF = "LISTEN hears nothing";
const LEASE = { ttl: 1_000, aborted: { outcome: "aborted" } } as const;

/** What a session has left on the connection is gone after each of its transactions, or when it ends. */
const DISCARD: BouncerSettings = { server_reset_query: "DISCARD ALL", server_reset_query_always: 1 };
const MODES: Record<string, BouncerSettings> = {
  transaction: { ...DISCARD, pool_mode: "transaction", default_pool_size: 2 },
  // A session keeps its connection. Two logs, their doorbells and the clients of the test have one each.
  session: { ...DISCARD, pool_mode: "session", default_pool_size: 30 },
};

/** Starts a server that writes down each statement. */
async function startLoggingServer() {
  const logging = { logging_collector: "on", log_directory: "log", log_filename: "statements", log_statement: "all" };
  const own = await startServer(logging);
  return { own, logged: () => readFile(join(own.data, "log", "statements"), "utf8") };
}

/** Starts two hubs behind a PgBouncer, with what their logs warn of, and what the second one hears of the room. */
async function start(settings: BouncerSettings, server: { readonly url: string } = shared) {
  const { url, stop } = await startPgBouncer(server.url, settings);
  onTestFinished(stop);
  const schema = shared.newSchema();
  const warnings: string[] = [];
  const open = async () => {
    const log = await postgresLog(url, { schema, onWarning: (warning) => warnings.push(warning) });
    const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
    onTestFinished(() => hub.close());
    return { log, hub };
  };
  const [ada, bob] = [await open(), await open()];
  const heard: string[] = [];
  const ending = new AbortController();
  const following = (async () => {
    for await (const item of bob.hub.events(room, { signal: ending.signal })) {
      heard.push(item.kind === "event" ? item.data.text : item.kind);
    }
  })();
  onTestFinished(async () => {
    ending.abort();
    await following.catch(() => {});
  });
  await expect
    .poll(async () => {
      await ada.hub.publish(room, "line", { text: "begin" });
      return heard.length;
    })
    .toBeGreaterThan(0);
  await ada.hub.publish(room, "line", { text: "begun" });
  await expect.poll(() => heard.at(-1)).toBe("begun");
  heard.length = 0;
  return { ada, bob, url, warnings, heard };
}

describe.each(Object.entries(MODES))("behind a PgBouncer in %s mode that discards all", (mode, settings) => {
  test("what many publish at once reaches the hub of another process, once and in one order", async () => {
    const { ada, bob, url, heard } = await start(settings);
    const publishing = Array.from({ length: 4 }, async (_, publisher) => {
      for (let n = 0; n < 20; n++) await ada.hub.publish(room, "line", { text: `publish ${publisher} ${n}` });
    });
    const transactions = Array.from({ length: 3 }, async (_, number) => {
      const client = await connect(url);
      for (let n = 0; n < 10; n++) {
        await client.query("begin");
        await bob.hub.publishIn(client, room, "line", { text: `commit ${number} ${n}` });
        await client.query(n % 2 === 0 ? "commit" : "rollback");
      }
    });
    await Promise.all([...publishing, ...transactions]);
    await expect.poll(() => heard.length).toBe(4 * 20 + 3 * 5);
    const { entries } = await ada.log.recent([room.path], heard.length);
    // The contract has encoded each of them in this way.
    expect(heard).toEqual(entries.map(({ data }) => (JSON.parse(data ?? "") as { text: string }).text));
    expect(new Set(heard).size).toBe(heard.length);
  });

  test("a lease has one writer, which is renewed, and which another one follows when it ends", async () => {
    const { ada, bob } = await start(settings);
    const writer = await ada.hub.lease(answer, LEASE);
    await expect(bob.hub.lease(answer, LEASE)).rejects.toMatchObject({ code: "taken" });
    // Longer than the lease: it is renewed.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await writer.publish("token", { text: "still there" });
    await ada.log.close();
    const written = async () => (await bob.log.recent([answer.path], 100)).entries.map(({ data }) => data);
    await expect.poll(written).toEqual(['{"text":"still there"}', '{"outcome":"aborted"}']);
    await expect(writer.publish("token", { text: "late" })).rejects.toMatchObject({ code: "lost" });
  });

  test("LISTEN is used only in a session of its own; elsewhere, the log polls, and one warning says so", async () => {
    // PgBouncer 1.18 takes a notification that comes while it discards for the answer to that. From then on, each
    // client of the connection gets the answer to the statement before its own.
    const { own, logged } = await startLoggingServer();
    const { ada, heard, warnings } = await start(settings, own);
    const isOwn = mode === "session";
    // The test of a doorbell takes two seconds.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(warnings.map((warning) => warning.slice(0, 20))).toEqual(isOwn ? [] : [DEAF, DEAF]);
    await ada.hub.publish(room, "line", { text: "later" });
    await expect.poll(() => heard).toEqual(["later"]);
    expect((await logged()).includes("statement: listen")).toBe(isOwn);
  });
});
