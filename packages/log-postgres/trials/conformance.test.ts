import { describeEventLog } from "@tidings/log/conformance";
import { describe, vi } from "vitest";
import { postgresLog } from "../src/postgres-log.ts";
import { emptySchema, server } from "../test/test-server.ts";

// A property opens a hundred logs.
vi.setConfig({ testTimeout: 180_000 });

describe("with 100 random histories for each property,", () => {
  describeEventLog(
    "postgresLog",
    async (options) => {
      const schema = await emptySchema();
      const open = () => postgresLog(server.url, { ...options, schema });
      return { log: await open(), another: open, reopen: open };
    },
    { survivesReopen: true, heedsClock: true, runs: 100 },
  );
});
