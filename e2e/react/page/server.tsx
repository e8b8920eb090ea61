import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { renderToString } from "react-dom/server";
import { App } from "./app.tsx";
import { chat, type Message } from "./contract.ts";
import type { Rendered } from "./room.tsx";

export function createChat() {
  const rooms = new Map<string, Message[]>();
  const messagesOf = (roomId: string): Message[] => rooms.get(roomId) ?? [];
  const hub = createHub(chat, {
    log: memoryLog(),
    authorize: ({ params }) => params.roomId !== "secret",
    snapshot: { room: ({ roomId }) => ({ messages: messagesOf(roomId) }) },
  });
  // A client in the process of the hub, without a network between them.
  const events = toFetchHandler(hub);
  const fetch = (url: string, init: RequestInit) => events(new Request(url, init));
  const client = createClient(chat, { url: "http://hub.local/events", fetch });

  /** Writes the row first, then publishes its event. */
  async function say(roomId: string, message: Message): Promise<void> {
    rooms.set(roomId, [...messagesOf(roomId), message]);
    await hub.publish(chat.room({ roomId }), "message", message);
  }

  /** Renders the page of the lobby. */
  async function renderPage(): Promise<string> {
    // The cursor first, then the state: an event that comes between the two is applied once more, and never missed.
    const { cursor } = await client.history(chat.room({ roomId: "lobby" }), { last: 1 });
    const rendered: Rendered = { messages: messagesOf("lobby"), cursor };
    // Without a `<`, no text can end the script.
    const json = JSON.stringify(rendered).replaceAll("<", "\\u003c");
    return `<!doctype html><meta charset="utf-8"><title>Chat</title>
<div id="root">${renderToString(<App rendered={rendered} />)}</div>
<script>var rendered = ${json}</script><script type="module" src="/main.js"></script>`;
  }

  return { hub, say, renderPage };
}
