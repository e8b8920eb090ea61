import { afterAll, beforeAll } from "vitest";
import { PostgresServer, serverPrograms } from "./postgres-server.ts";

/** A server of somebody else. Tests create schemas in its database, and drop them. */
const givenUrl = process.env["TIDINGS_POSTGRES_URL"];

export const hasServer = givenUrl !== undefined || serverPrograms !== null;
if (!hasServer) {
  console.warn(
    "The tests of the PostgreSQL log are skipped, since there is no PostgreSQL on this machine and no " +
      "TIDINGS_POSTGRES_URL; .ci/run installs it on Debian.",
  );
}
let schemas = 0;

interface ServerInUse {
  readonly url: string;
  /** A name that no other schema of the server has. */
  newSchema(): string;
}

/** Starts a server for the tests of a file, and removes it after them. */
export function useServer(): ServerInUse {
  let server: PostgresServer | null = null;
  beforeAll(async () => {
    if (givenUrl === undefined) server = await PostgresServer.start();
  });
  afterAll(async () => server?.remove());
  return {
    get url() {
      return givenUrl ?? server?.url ?? "";
    },
    newSchema: () => `test_${process.pid}_${Date.now().toString(36)}_${++schemas}`,
  };
}
