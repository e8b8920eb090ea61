// The job of examples/digest.ts in a process of its own.
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { keepDigest, openDigest, shop } from "../../examples/digest.ts";

const [logPath = "", digestPath = ""] = process.argv.slice(2);
const hub = createHub(shop, { log: sqliteLog(logPath), authorize: () => false });
await keepDigest(hub, openDigest(digestPath));
