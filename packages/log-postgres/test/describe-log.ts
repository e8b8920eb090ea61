import { describeEventLog } from "@tidings/log/conformance";
import { postgresLog } from "../src/postgres-log.ts";
import { emptySchema, server } from "./test-server.ts";

/** All laws of a log, each in an empty schema of the server. @param runs how many random histories each property has */
export function describePostgresLog(runs: number): void {
  describeEventLog(
    "postgresLog",
    async (options) => {
      const schema = await emptySchema();
      const open = () => postgresLog(server.url, { ...options, schema });
      return { log: await open(), another: open, reopen: open };
    },
    { survivesReopen: true, heedsClock: true, runs },
  );
}
