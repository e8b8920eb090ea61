// A writer in a process of its own: it counts, as fast as the log takes it, until it has to stop. Its arguments are the
// id of the answer, the time of its lease, the kind of its log, and where that is.
import type { EventLog } from "@tidings/log";
import { postgresLog } from "@tidings/log-postgres";
import { redisLog } from "@tidings/log-redis";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, LeaseError } from "@tidings/server";
import { setTimeout as sleep } from "node:timers/promises";
import { contract } from "../leases/contract.ts";

const logs: Readonly<Record<string, (place: string, schema: string) => EventLog | Promise<EventLog>>> = {
  SQLite: (path) => sqliteLog(path),
  PostgreSQL: (url, schema) => postgresLog(url, { schema }),
  Redis: (url) => redisLog(url, { onWarning: () => {} }),
};

const [id = "", ttl = "", kind = "", place = "", schema = ""] = process.argv.slice(2);
const log = await logs[kind]?.(place, schema);
if (log === undefined) throw new Error(`Expected one of ${Object.keys(logs).join(", ")}, got "${kind}".`);
const hub = createHub(contract, { log, authorize: () => false });
const writer = await hub.lease(contract.answer({ id }), { ttl: Number(ttl), aborted: { outcome: "aborted" } });
let isTold = false;
writer.signal.addEventListener("abort", () => {
  isTold = true;
  const { reason } = writer.signal as { readonly reason: LeaseError };
  console.log(`told ${reason.code} ${reason.reason ?? ""}`);
});
try {
  for (let number = 0; !isTold; number++) {
    await writer.publish("token", { text: `${number}` });
    await sleep(2);
  }
  await writer.end({ outcome: "stopped" });
  console.log("ended");
} catch (error) {
  console.log(`refused ${error instanceof LeaseError ? error.code : String(error)}`);
}
await hub.close();
