// `editors.test.ts` asks an editor about the names in this program.
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHooks } from "@tidings/react";
import { createHub } from "@tidings/server";
import { app } from "./app.ts";

const hub = createHub(app, {
  log: memoryLog(),
  authorize: () => true,
  snapshot: { room: () => ({ messages: [], members: [] }), board: () => [] },
});
const client = createClient(app, { url: "/events" });
const { useChannelState } = createHooks(app);
const onGap = (): void => {};
const now = new Date();

const message = { id: "1", author: "ada", text: "hi", sentAt: now };
void hub.publish(app.room({ roomId: "lobby" }), "message", message);
void hub.publish(app.inbox({ userId: "ada" }), "unread", 3);
void hub.publish(app.presence({ roomId: "lobby" }), "member", { name: "ada", since: now });
void hub.publish(app.board({ boardId: "plans" }), "moved", { card: "types", to: "done" });
void hub.publish(app.price({ market: "xetra", symbol: "T" }), "quote", { bid: 1, ask: 2 });
void hub.publish(app.order({ orderId: "1" }), "state", "paid");
void hub.publish(app.job({ jobId: "1" }), "done", { files: [] });
void hub.publish(app.answer({ answerId: "1" }), "token", "hi");
void hub.publish(app.clock(), "tick", { now });
void hub.publish(app.news({ language: "en" }), "story", { title: "Types", body: "They help.", tags: [] });

client.subscribe(app.room({ roomId: "lobby" }), { snapshot: () => {}, message: ({ text }) => text });
client.subscribe(app.inbox({ userId: "ada" }), { onGap, mention: ({ by }) => by });
client.subscribe(app.presence({ roomId: "lobby" }), { onGap });
client.subscribe(app.board({ boardId: "plans" }), { snapshot: () => {} });
client.subscribe(app.price({ market: "xetra", symbol: "T" }), { onGap });
client.subscribe(app.order({ orderId: "1" }), { onGap });
client.subscribe(app.job({ jobId: "1" }), { onGap });
client.subscribe(app.answer({ answerId: "1" }), { onGap });
client.subscribe(app.clock(), { onGap });
client.subscribe(app.news({ language: "en" }), { onGap });

export const useUnread = () =>
  useChannelState(app.inbox({ userId: "ada" }), { initial: 0, reduce: { unread: (_, count) => count }, gap: () => 0 });
