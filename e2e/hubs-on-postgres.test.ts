import { postgresLog } from "@tidings/log-postgres";
import { describe, expect, test, vi } from "vitest";
import { connect, server } from "../packages/log-postgres/test/test-server.ts";
import { commitsOfSixteen, delayBetween, openHub, type Hub } from "./shared-hubs.ts";

// Rates are measured.
vi.setConfig({ testTimeout: 120_000 });

const openOn = async (schema: string): Promise<Hub> =>
  openHub(
    // Every entry stays, so that its commit is counted.
    await postgresLog(server.url, { schema, keep: { entries: 1e9 } }),
  );

describe("two hubs on one PostgreSQL", () => {
  test("append for 16 publishers in an eighth of the commits that one of them needs, or in fewer", async () => {
    const schema = server.newSchema();
    const hub = await openOn(schema);
    const client = await connect();
    const countCommits = async (): Promise<number> => {
      const { rows } = await client.query<{ commits: string }>(
        `select count(distinct xmin::text) as commits from ${schema}.entry`,
      );
      return Number(rows[0]?.commits);
    };
    expect(await commitsOfSixteen(hub, countCommits)).toBeLessThan(1 / 8);
  });

  test("deliver from one to the other in at most three times the time within one", async () => {
    const schema = server.newSchema();
    expect(await delayBetween(await openOn(schema), await openOn(schema))).toBeLessThan(3);
  });
});
