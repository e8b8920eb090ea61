import type { Trial, WireServer } from "@tidings/testing/wire";
import { visit } from "../chat.ts";

/** A chat server, and what stops it as a signal would. */
interface RunningChat {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/** The part of a room's event that is read here. */
interface PageEvent {
  readonly id: string;
  readonly data: { readonly id: string };
}

const WHOLE_CHAT = "the chat has an API of its own";

/** Tries the chat server through the API that every signed-in person has. @param start a chat without messages */
export function chatTrial(start: () => Promise<RunningChat>): Trial {
  return {
    open: () => start().then(openChat),
    facts: { http: 1 },
    lacks: {
      anything: "rooms have to be opened, and texts are not empty",
      values: "a topic says by whom it is",
      typing: "a hint has no text",
      inbox: "a mention says more",
      snapshot: "a room has other states",
      clear: WHOLE_CHAT,
      end: "its rooms never end",
      viewers: "people sign in with a cookie",
      secret: "everybody may read every room",
      revoke: "everybody may read every room",
      expire: WHOLE_CHAT,
      ticket: WHOLE_CHAT,
      origins: "no other origins",
      retention: "a room keeps a thousand events",
      limits: "a process has room for 50,000 streams",
      heartbeat: "15 s",
      pass: "the clock is the system's",
      failOver: "one file",
      breakLog: "one file",
      lingering: "the process ends",
    },
  };
}

async function openChat({ url, stop }: RunningChat): Promise<WireServer> {
  const ada = await visit(url, "ada");
  for (const name of ["tea", "coffee", "new", "other", "water"]) await ada.request("POST", "/api/rooms", { name });
  let stopping: Promise<unknown> | null = null;
  const close = () => (stopping ??= stop());
  return {
    url: `${url}/events`,
    headers: { cookie: ada.cookie },
    async publish(path, _type, data) {
      const posted = await ada.request("POST", `/api/${path}/messages`, data);
      // The API answers the message. The id of its event is only in the log.
      const { message } = (await posted.json()) as { readonly message: { readonly id: string } };
      const headers = { cookie: ada.cookie, accept: "application/json" };
      const page = await fetch(`${url}/events?channel=${path}&last=100`, { headers });
      const { events } = (await page.json()) as { readonly events: readonly PageEvent[] };
      const event = events.find((each) => each.data.id === message.id);
      if (event === undefined) throw new Error(`Expected an event of message ${message.id}, got none.`);
      return event.id;
    },
    drain: close,
    close,
  };
}
