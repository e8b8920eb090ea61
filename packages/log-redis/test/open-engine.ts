import { setTimeout as sleep } from "node:timers/promises";
import type { Controls, OpenLog } from "@tidings/log/conformance";
import { systemClock } from "@tidings/protocol/clock";
import { openRedisLog, type RedisLogOptions } from "../src/redis-log.ts";
import { DURABLE, FLEETING, type RedisServer } from "./redis-server.ts";
import { SCRIPTS } from "./test-log.ts";
import { server, startServer } from "./test-server.ts";

/**
 * Opens logs for the conformance suite: on the server that all files share, or on one of its own.
 *
 * @param change changes the options of every log, to break it
 */
export function openEngine(scripts = SCRIPTS, change = (options: RedisLogOptions) => options): OpenLog {
  return async (options, needs) => {
    const isShared = needs.every((need) => need === "skewed");
    // A server that keeps a file of each write does not start from a snapshot.
    const own = isShared ? null : await startServer(needs.includes("restart") ? DURABLE : FLEETING);
    const [url, name] = [own?.url ?? server.url, server.newName()];
    const open = (clock = systemClock) =>
      openRedisLog(url, change({ ...options, name, clock, onWarning: () => {} }), scripts);
    return {
      log: await open(),
      another: () => open(),
      reopen: () => open(),
      skewed: (ahead) => open({ ...systemClock, now: () => systemClock.now() + ahead }),
      ...(own !== null && controlsOf(own)),
    };
  };
}

function controlsOf(own: RedisServer): Omit<Controls, "skewed"> {
  const restart = async (): Promise<void> => {
    await own.kill();
    await own.start();
  };
  return {
    restart,
    async cutDoorbell() {
      while (Number(await own.send("client", "kill", "type", "pubsub")) === 0) await sleep(20);
    },
    async loseSuffix(append) {
      await own.send("save");
      await append();
      await restart();
    },
  };
}
