// What applications write compiles, and nothing has the type `any`: a parameter without a type is an error here.
import { createServer } from "node:http";
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHooks } from "@tidings/react";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createTestKit, take } from "@tidings/testing";
import { app } from "./app.ts";

const room = app.room({ roomId: "lobby" });
const inbox = app.inbox({ userId: "ada" });
const board = () => [];

const hub = createHub(app, {
  log: memoryLog(),
  authenticate: (request) => ({ id: request.url, isAdmin: true }),
  authorize: ({ name, params, viewer }) => viewer.isAdmin || (name === "room" && params.roomId === "lobby"),
  snapshot: { board, room: ({ roomId }, { readableFrom }) => ({ messages: [], members: [roomId, `${readableFrom}`] }) },
  onConnect: ({ viewer, addresses }) => [viewer.isAdmin, addresses.map((address) => address.path)],
});
createServer(toNodeHandler(hub));
void hub.publish(room, "topic", { text: "types" }).then(({ id }) => id.length);

const client = createClient(app, { url: "/events", onError: (error) => error.code.length });
client.subscribe(room, {
  snapshot: ({ messages }) => messages.map((message) => message.sentAt.getTime()),
  message: ({ text, sentAt }, event) => [text.length, sentAt.getTime(), event.id?.length, event.type.length],
  typing: ({ author }) => author.length,
  onClear: ({ type, key }) => [type.length, key.length],
  onGap: ({ reason }) => reason.length,
  onError: (error) => error.code.length,
  onClose: (reason) => reason.length,
});
client.subscribe(inbox, {
  mention: ({ by }) => by.length,
  unread(count, event) {
    return count.toFixed() + event.data.toFixed();
  },
  onGap: (gap) => gap.after?.length,
});

export async function read(): Promise<void> {
  for await (const event of client.events(inbox, { onGap: (gap) => gap.reason.length })) {
    if (event.type === "mention") {
      event.data.by.trim();
    } else {
      event.data.toFixed();
    }
    // @ts-expect-error -- no such field, so the event is not `any`
    void event.author;
  }
  const last = await client.events(inbox).next();
  if (last.done === true) {
    last.value.trim();
    // @ts-expect-error -- a reason is a text, so it is not `any`
    void last.value.author;
  }
  const { events } = await client.history(inbox);
  // @ts-expect-error -- an event is not `any`
  void events[0]?.author;
  const kit = await createTestKit(app, { snapshot: { board } });
  const [taken] = await take(kit.client.events(inbox), 1);
  taken?.type.trim();
}

export const { useChannelState, useChannel, useLatest } = createHooks(app);
export function useRoom(): readonly [number, number, number] {
  const [texts, status] = useChannelState(room, {
    initial: ["welcome"],
    snapshot: ({ messages }) => messages.map((message) => message.text),
    reduce: { message: (all, message, event) => [...all, message.text, event.type] },
  });
  const { state } = useChannel(inbox, { onGap: (gap) => gap.reason, mention: ({ by }) => by.length });
  const topics = useLatest(room, "topic", (values) => [...values.values()].map((topic) => topic.text));
  return [texts.length, status.state.length + state.length, topics.length];
}
