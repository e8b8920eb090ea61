// A process that starts the runs whose ids come on its input, each as soon as it hears of it.
import { createInterface } from "node:readline";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { startRun } from "../../packages/ai/src/server.ts";
import { ai } from "../../packages/ai/test/contract.ts";
import { word } from "./word.ts";

const [path = "", name = ""] = process.argv.slice(2);
const hub = createHub(ai, { log: sqliteLog(path), authorize: () => false });

/** A model that signs its answer, so that a reader knows who was asked. */
async function* sign() {
  for (const text of ["by ", name, "."]) yield word(text);
}

console.log("ready");
for await (const runId of createInterface(process.stdin)) {
  const place = { run: ai.run({ chatId: "c", runId }), chat: ai.chat({ chatId: runId }) };
  const { isNew, ended } = await startRun(hub, place, sign);
  await ended;
  let text = "";
  let outcome = "";
  for await (const item of hub.events(place.run, { after: null })) {
    if (item.kind === "event") for (const chunk of item.data.chunks) text += (chunk as ReturnType<typeof word>).delta;
    if (item.kind === "end") ({ outcome } = item.data);
  }
  console.log(JSON.stringify({ isNew, text, outcome }));
}
await hub.close();
