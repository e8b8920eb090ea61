// Follows a room without React, and keeps what has come for a test to read.
import { createClient, type Status } from "@tidings/client";
import { chat } from "./contract.ts";

const client = createClient(chat, { url: "/events", connectTimeout: 2_000, onError: () => {} });
const heard: string[] = [];
const facts = {
  heard,
  snapshots: 0,
  get status(): Status {
    return client.status.value;
  },
};

client.subscribe(chat.room({ roomId: "lobby" }), {
  snapshot({ messages }) {
    facts.snapshots++;
    heard.push(...messages.map(({ text }) => text));
  },
  message: ({ text }) => heard.push(text),
});

declare global {
  var polling: typeof facts;
}

globalThis.polling = facts;
