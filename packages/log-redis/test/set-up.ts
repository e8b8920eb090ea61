import type { TestProject } from "vitest/node";
import { findProgram, FLEETING, NO_SERVER, RedisServer } from "./redis-server.ts";

/** Starts a server, once for all files. Each test has a name of its own there. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const program = findProgram();
  project.provide("redisProgram", program);
  if (program === null) {
    console.warn(`The tests of packages/log-redis that need a server are skipped. ${NO_SERVER}`);
    project.provide("redisUrl", null);
    return async () => {};
  }
  const server = await RedisServer.start(program, FLEETING);
  project.provide("redisUrl", server.url);
  return () => server.remove();
}
