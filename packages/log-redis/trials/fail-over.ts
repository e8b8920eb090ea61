import type { EventLog } from "@tidings/log";
import { DURABLE, type RedisServer } from "../test/redis-server.ts";
import { reliable } from "../../log/test/entries.ts";
import type { FailedOver } from "../../log/test/failed-over.ts";
import { startServer } from "../test/test-server.ts";

interface Promoted extends FailedOver {
  /** The replica that has become the primary. */
  readonly promoted: RedisServer;
}

/** Waits until a replica has everything of the log with the name "log". */
export async function waitForCopy(replica: RedisServer, log: EventLog): Promise<void> {
  const { epoch, seq } = await log.head();
  await replica.waitFor(`${epoch},${seq}`, "hmget", "{log}:meta", "epoch", "seq");
}

/** Fails over to a replica that lacks the last five entries of the log "log", which were acknowledged. */
export async function failOver(primary: RedisServer, log: EventLog): Promise<Promoted> {
  const replica = await startServer(DURABLE);
  await replica.follow(primary);
  for (let n = 0; n < 20; n++) await log.append([reliable("a", `"kept ${n}"`)]);
  const laggard = await log.head();
  await waitForCopy(replica, log);
  // It stops following, as behind a network that has failed.
  await replica.promote();
  for (let n = 0; n < 5; n++) await log.append([reliable("a", `"lost ${n}"`)]);
  const reader = await log.head();
  await primary.kill();
  return { laggard, reader, promoted: replica };
}
