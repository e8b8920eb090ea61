import { createServer } from "node:http2";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { testContract } from "../../packages/contract/test/test-contract.ts";
import { listen } from "../listen.ts";
import { usedBytes } from "../used-bytes.ts";

// A hub over HTTP/2 in a process of its own. It sends its port to its parent, and answers every message with the bytes
// that it holds.

const hub = createHub(testContract, { log: memoryLog(), authorize: () => true });
const { port } = await listen(createServer(toNodeHandler(hub)));
process.on("message", () => process.send?.(usedBytes()));
process.on("disconnect", () => process.exit());
process.send?.(port);
