import { postgresLog } from "@tidings/log-postgres";
import { createHub } from "@tidings/server";
import type pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { shop } from "./contracts.ts";
import { publishedItems } from "./published-items.ts";
import { connect, server } from "../packages/log-postgres/test/test-server.ts";

describe("publishIn on PostgreSQL", () => {
  /** A hub on a log in a schema of its own. Each hub is a process of a cluster. */
  async function startHub(schema: string) {
    const log = await postgresLog(server.url, { schema });
    const hub = createHub(shop, { log, authorize: () => true });
    onTestFinished(() => hub.close());
    const published = () => publishedItems(hub);
    return { log, hub, published };
  }

  async function begin(): Promise<pg.Client> {
    const client = await connect();
    await client.query("begin");
    return client;
  }

  test("a row and its event commit together, and the hub of another process has the event, too", async () => {
    const schema = server.newSchema();
    const [one, other] = [await startHub(schema), await startHub(schema)];
    const client = await begin();
    await client.query(`create table ${schema}.item (name text)`);
    await client.query(`insert into ${schema}.item values ('tea')`);
    await one.hub.publishIn(client, shop.orders(), "placed", { item: "tea" });
    await one.hub.publish(shop.orders(), "placed", { item: "beside" });
    expect(await one.published()).toEqual(["beside"]);
    await client.query("commit");
    for (const { published } of [one, other]) await expect.poll(published).toEqual(["beside", "tea"]);
  });

  test("invalid data publishes nothing, and the transaction goes on; a rollback publishes nothing", async () => {
    const { hub, published } = await startHub(server.newSchema());
    const client = await begin();
    const invalid = hub.publishIn(client, shop.orders(), "placed", { item: 1 as never });
    await expect(invalid).rejects.toThrow(/orders\.placed/);
    await hub.publishIn(client, shop.orders(), "placed", { item: "tea" });
    await client.query("commit");
    await client.query("begin");
    await hub.publishIn(client, shop.orders(), "placed", { item: "never" });
    await client.query("rollback");
    expect(await published()).toEqual(["tea"]);
  });

  test("is handed over when it returns, also as the first call of a process: a rollback undoes it", async () => {
    const { hub, published } = await startHub(server.newSchema());
    const client = await begin();
    void hub.publishIn(client, shop.orders(), "placed", { item: "never" });
    await client.query("rollback");
    void client.query("begin");
    void hub.publishIn(client, shop.orders(), "placed", { item: "tea" });
    await client.query("commit");
    expect(await published()).toEqual(["tea"]);
  });

  test("a transaction that holds the lock lets publishes reject, and streams go on", async () => {
    const schema = server.newSchema();
    const log = await postgresLog(server.url, { schema });
    const hub = createHub(shop, { log, authorize: () => true, publishTimeout: 2_000 });
    const seen: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const item of hub.events(shop.orders())) {
        if (item.kind === "event") seen.push(item.data.item);
      }
    };
    const following = follow();
    onTestFinished(async () => {
      await hub.close();
      await following;
    });
    await hub.publish(shop.orders(), "placed", { item: "before" });
    await expect.poll(() => seen).toEqual(["before"]);
    const client = await begin();
    await hub.publishIn(client, shop.orders(), "placed", { item: "inside" });
    await client.query("set constraints all immediate");
    const begun = performance.now();
    const late = hub.publish(shop.orders(), "placed", { item: "late" }, { idempotencyKey: "late" });
    await expect(late).rejects.toMatchObject({ name: "AppendError", outcome: "unknown" });
    expect(performance.now() - begun).toBeLessThan(20_000);
    await client.query("commit");
    await hub.publish(shop.orders(), "placed", { item: "late" }, { idempotencyKey: "late" });
    await expect.poll(() => seen).toEqual(["before", "inside", "late"]);
  });

  test("an event and a value that is still the expected one commit together; a conflict rolls both back", async () => {
    const schema = server.newSchema();
    const [one, other] = [await startHub(schema), await startHub(schema)];
    const client = await begin();
    const { id } = await one.hub.publish(shop.stock(), "count", { item: "tea", left: 2 });
    const buy = async ({ hub }: typeof one, left: number) => {
      await hub.publishIn(client, shop.orders(), "placed", { item: `tea, ${left} left` });
      await hub.publishIn(client, shop.stock(), "count", { item: "tea", left }, { expects: id });
    };
    await buy(one, 1);
    await client.query("commit; begin");
    const publishing = buy(other, 1);
    await expect(publishing).rejects.toMatchObject({ name: "PublishError", code: "conflict" });
    await expect(publishing).rejects.not.toMatchObject({ cursor: id });
    await client.query("rollback");
    expect(await one.published()).toEqual(["tea, 1 left"]);
  });

  /** A client of pg, or what stands for one. */
  type Client = Pick<pg.Client, "query">;

  async function startJob() {
    const schema = server.newSchema();
    const [{ hub }, other] = [await startHub(schema), await startHub(schema)];
    const connection = await connect(server.url);
    await connection.query(`create table ${schema}.step (name text); set search_path to ${schema}`);
    const job = shop.job({ id: "1" });

    // The guide about PostgreSQL shows this function.
    async function saveStep(client: Client, name: string): Promise<void> {
      await client.query("begin");
      try {
        await client.query("insert into step (name) values ($1)", [name]);
        await hub.publishIn(client, job, "step", { name });
        await client.query("set constraints all immediate"); // Appends the event now, or rejects.
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
      await client.query("commit");
    }

    const stored = async () => ({
      rows: (await connection.query<{ name: string }>("select name from step")).rows.map(({ name }) => name),
      events: (await other.log.recent([job.path], 10)).entries.map(({ data }) => data),
    });
    return { client: connection, saveStep, stored, other, job, schema };
  }

  test("whoever needs the outcome before the commit sets the constraints to immediate, and gets it there", async () => {
    const { client, saveStep, stored, other, job } = await startJob();
    await saveStep(client, "first");
    expect(await stored()).toEqual({ rows: ["first"], events: ['{"name":"first"}'] });
    // Another server ends the address between the two.
    const statements: string[] = [];
    const meddling = {
      async query(text: string, values?: string[]) {
        statements.push(text);
        if (text.startsWith("set constraints")) await other.hub.end(job, { outcome: "done" });
        return client.query(text, values);
      },
    };
    await expect(saveStep(meddling as Client, "late")).rejects.toThrow(/ended/);
    expect(statements.at(-1)).toBe("rollback");
    expect(await stored()).toEqual({ rows: ["first"], events: ['{"name":"first"}', '{"outcome":"done"}'] });
  });

  test("from then on the transaction holds the lock of the log, and publishes no more", async () => {
    const { client, other, job, schema } = await startJob();
    await client.query("begin");
    await other.hub.publishIn(client, job, "step", { name: "first" });
    // Those of the application may stay deferred.
    await client.query(`set constraints ${schema}.on_commit immediate`);
    const publishing = other.hub.publish(job, "step", { name: "beside" });
    await expect(other.hub.publishIn(client, job, "step", { name: "second" })).rejects.toThrow(
      "do not set constraints to immediate before",
    );
    await client.query("rollback");
    await publishing;
    expect((await other.log.recent([job.path], 10)).entries.map(({ data }) => data)).toEqual(['{"name":"beside"}']);
  });
});
