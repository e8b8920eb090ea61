import { describeEventLog } from "@tidings/log/conformance";
import { describe } from "vitest";
import { hasServer, useServer } from "../test/use-server.ts";
import { postgresLog } from "./postgres-log.ts";

describe.skipIf(!hasServer)("on a server", () => {
  const server = useServer();
  describeEventLog(
    "postgresLog",
    async (options) => {
      const schema = server.newSchema();
      const open = () => postgresLog(server.url, { ...options, schema });
      return { log: await open(), another: open, reopen: open };
    },
    { survivesReopen: true, heedsClock: true, runs: 10 },
  );
});
