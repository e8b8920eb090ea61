// What a user writes on the first day, all in one process: it compiles against the packed packages, and it runs.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

const contract = defineContract({
  room: channel("rooms/:roomId", {
    message: z.object({ author: z.string(), text: z.string() }),
    topic: latest(z.object({ text: z.string() })),
  }),
});

const hub = createHub(contract, {
  log: memoryLog(),
  authenticate: () => ({ id: "ada" }),
  authorize: ({ name, params }) => name === "room" && params.roomId === "lobby",
});
const server = createServer(toNodeHandler(hub));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;

const client = createClient(contract, { url: `http://127.0.0.1:${port}/events` });
const lobby = contract.room({ roomId: "lobby" });
await hub.publish(lobby, "topic", { text: "packages" });

for await (const event of client.events(lobby)) {
  // The current topic is what a new subscription gets first; then it is live.
  if (event.type === "topic") await hub.publish(lobby, "message", { author: "ada", text: event.data.text });
  if (event.type === "message") {
    const text: string = event.data.text;
    if (text !== "packages") throw new Error(`Expected "packages", got "${text}".`);
    break;
  }
}
await client.close();
await hub.close();
server.close();

// Compiled and never called: parameters of handlers have types, and what has to stay an error.
export const compiled = [
  () => client.subscribe(lobby, { message: ({ text }, event) => text + event.type, onGap: (gap) => gap.reason }),
  // @ts-expect-error a room has an id
  () => contract.room({}),
  // @ts-expect-error not an event of a room
  () => hub.publish(lobby, "mesage", { author: "ada", text: "hi" }),
];
