import { inject, onTestFinished } from "vitest";
import { NO_SERVER, RedisServer, type Settings } from "./redis-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The program of Redis, for tests that start servers of their own; null if there is none. */
    redisProgram: string | null;
    /** The URL of the server that all files share; null if there is none. */
    redisUrl: string | null;
  }
}

const program = inject("redisProgram");

let names = 0;

/** The server that all files share. */
export const server = {
  get url(): string {
    const url = inject("redisUrl");
    if (url === null) throw new Error(NO_SERVER);
    return url;
  },
  /** A name that no other log of the server has. */
  newName: (): string => `test-${process.pid}-${++names}`,
};

/** Whether there is a server. Without a program on this machine, tests that need one do not run; the set-up says so. */
export const hasServer = program !== null;

/** Starts a server of its own for a test. */
export async function startServer(settings: Settings): Promise<RedisServer> {
  if (program === null) throw new Error(NO_SERVER);
  const own = await RedisServer.start(program, settings);
  onTestFinished(() => own.remove());
  return own;
}
