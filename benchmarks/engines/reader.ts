// Another process that follows a log. The argument is where the log is, as JSON. It answers each message of its parent
// with the times of the events since the last one.
import { createHub } from "@tidings/server";
import { contract, openLog, type LogAddress } from "./engine.ts";
import { follow } from "./follow.ts";

// Safe: benchmarks/engines.ts writes it.
const place = JSON.parse(process.argv[2] ?? "") as LogAddress;
const hub = createHub(contract, { log: await openLog(place), authorize: () => true });
const { times } = follow(hub);
process.on("message", () => process.send?.(times.splice(0)));
process.on("disconnect", () => process.exit());
process.send?.([]);
