// A writer in a process of its own: it counts, as fast as the log takes it, until it has to stop.
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, LeaseError } from "@tidings/server";
import { setTimeout as sleep } from "node:timers/promises";
import { contract } from "../leases/contract.ts";

const [path = "", id = "", ttl = ""] = process.argv.slice(2);
const hub = createHub(contract, { log: sqliteLog(path), authorize: () => false });
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
