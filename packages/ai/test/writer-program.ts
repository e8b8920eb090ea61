// A process that writes a run until it is killed, or until somebody says on its input that the model has finished.
import { once } from "node:events";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { startRun } from "../src/server.ts";
import { ai } from "./contract.ts";

const [path = "", runId = "", ttl = ""] = process.argv.slice(2);
const hub = createHub(ai, { log: sqliteLog(path), authorize: () => false });
const place = { chat: ai.chat({ chatId: "c" }), run: ai.run({ chatId: "c", runId }), ttl: Number(ttl) };

async function* sayTwoWords() {
  yield { type: "start", messageId: runId };
  yield { type: "text-start", id: "t" };
  yield { type: "text-delta", id: "t", delta: "Tea " };
  yield { type: "text-delta", id: "t", delta: "is " };
  await once(process.stdin, "data");
  console.log("finished");
}
await startRun(hub, place, sayTwoWords);
console.log("started");
// The lease is renewed in the background, which keeps no process alive.
setInterval(() => {}, 60_000);
