import { describeEventLog } from "@tidings/log/conformance";
import { describe } from "vitest";
import { emptySchema, server } from "../test/test-server.ts";
import { postgresLog } from "./postgres-log.ts";

describe("on a server", () => {
  describeEventLog(
    "postgresLog",
    async (options) => {
      const schema = await emptySchema();
      const open = () => postgresLog(server.url, { ...options, schema });
      return { log: await open(), another: open, reopen: open };
    },
    { survivesReopen: true, heedsClock: true, runs: 5 },
  );
});
