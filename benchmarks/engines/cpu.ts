import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresServer } from "../../packages/log-postgres/test/postgres-server.ts";
import type { RedisServer } from "../../packages/log-redis/test/redis-server.ts";

/** Linux counts the time of a process in hundredths of a second. */
const TICK = 1e4;

/** The fields of `/proc/<pid>/stat` behind the name of the program; null if the process has ended. */
function fieldsOf(pid: string): readonly string[] | null {
  try {
    const text = readFileSync(join("/proc", pid, "stat"), "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** The microseconds of processor time that a PostgreSQL has used, with all its processes, also those that are over. */
export function cpuOfPostgres({ data }: PostgresServer): number {
  const [own = ""] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const ticks = all.map((pid) => {
    const fields = fieldsOf(pid);
    if (fields === null || (pid !== own && fields[1] !== own)) return 0;
    // Its own time, and that of children that have ended.
    return fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
  });
  return ticks.reduce((sum, each) => sum + each, 0) * TICK;
}

/** The microseconds of processor time that a Redis has used. */
export async function cpuOfRedis(server: RedisServer): Promise<number> {
  const info = String(await server.send("info", "cpu"));
  const seconds = [...info.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].map(([, text]) => Number(text));
  return seconds.reduce((sum, each) => sum + each, 0) * 1e6;
}
