import { once } from "node:events";
import express from "express";
import { test, expect } from "vitest";
import { channel, defineContract } from "../../packages/contract/src/index.ts";
import { memoryLog } from "../../packages/log/src/index.ts";
import { createHub } from "../../packages/server/src/index.ts";
import { toNodeHandler } from "../../packages/server/src/node.ts";
import { createRequire } from "node:module";
const z = createRequire(new URL("../../packages/server/package.json", import.meta.url))("zod").z;
test("express 5", async () => {
  const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true });
  const app = express();
  app.use(express.json());
  const api = express.Router();
  api.all("/events", toNodeHandler(hub));
  app.use("/api", api);
  const server = app.listen(0, "127.0.0.1"); await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/api/events`;
  const r = await fetch(url + "?channel=rooms/a"); const reader = r.body.getReader();
  console.log(r.status, [...r.headers], new TextDecoder().decode((await reader.read()).value));
  await hub.publish(chat.room({ roomId: "a" }), "message", { text: "x" });
  console.log(new TextDecoder().decode((await reader.read()).value)); await reader.cancel();
  for (const [ct, body] of [["application/json", '{"channels":{"rooms/a":null}}'], ["text/plain", '{"channels":{"rooms/a":null}}'], ["application/json", ""], ["application/json", "{"], ["application/json", '{"channels":{"rooms/a":null},"x":"' + "x".repeat(90000) + '"}']]) {
    const p = await fetch(url + "?protocol=1", { method: "POST", body, headers: { "content-type": ct, accept: "application/json" } });
    console.log(ct, body.slice(0, 10), p.status, (await p.text()).slice(0, 80));
  }
  const h = await fetch(url + "?channel=rooms/a", { method: "HEAD" }); console.log("HEAD", h.status);
  await expect.poll(() => hub.stats().connections).toBe(0);
  await hub.close(); server.close(); server.closeAllConnections();
});
