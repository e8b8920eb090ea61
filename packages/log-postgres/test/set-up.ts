import type { TestProject } from "vitest/node";
import { PostgresServer } from "./postgres-server.ts";
import { prepareServerPrograms } from "./server-programs.ts";

/** Starts a server, once for all files. Each test has a schema of its own there. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { programs, remove } = await prepareServerPrograms();
  const server = await PostgresServer.start(programs);
  project.provide("postgresPrograms", programs);
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.remove();
    await remove();
  };
}
