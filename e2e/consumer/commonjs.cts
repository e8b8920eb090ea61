// A module of a CommonJS project.
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { z } from "zod";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const hub = createHub(chat, { log: memoryLog(), authorize: ({ params }) => params.roomId === "lobby" });

async function main(): Promise<void> {
  const { id } = await hub.publish(chat.room({ roomId: "lobby" }), "message", { text: "hi" });
  // @ts-expect-error -- an id is a text: the types of the packages are there
  id.toFixed;
  await hub.close();
}
void main();
