// The chat with a few scripted people in it. Start it with `npm run demo`.
import { setTimeout as sleep } from "node:timers/promises";
import { chat } from "@tidings-apps/chat-contract";
import { createClient } from "@tidings/client";
import { startFromEnvironment } from "./environment.ts";

type Member = "Grace" | "Linus" | "Margaret";

interface Scene {
  readonly room: string;
  readonly topic: string;
  readonly lines: readonly (readonly [author: Member, text: string])[];
}

const SCENES: readonly Scene[] = [
  {
    room: "Lobby",
    topic: "Say hello. Nothing gets lost here.",
    lines: [
      ["Grace", "Good morning, everybody!"],
      ["Linus", "Morning, @Grace. Did the night's deploy go well?"],
      ["Grace", "Three restarts, and nobody noticed. Each page went on from its own cursor."],
      ["Margaret", "Try it: switch your network off, wait until we have said something, and switch it on again."],
      ["Linus", "Everything you missed is there, once and in order. @Margaret showed me on a train."],
      ["Margaret", "There were many tunnels."],
    ],
  },
  {
    room: "Tea room",
    topic: "Darjeeling or Assam?",
    lines: [
      ["Margaret", "The kettle is on. Who is in?"],
      ["Grace", "Me, please. Without sugar."],
      ["Linus", "Coffee, if that is allowed to be said in here…"],
      ["Margaret", "It is a *tea* room, @Linus."],
    ],
  },
];

/** What the scripted people say to a real person. */
const REMARKS = ["what do you think?", "good to see you here.", "do you take milk?"];

/** The names of everybody who is online, by the key of their presence value. */
const online = new Map<string, string>();

const url = await startFromEnvironment({ database: "data/demo.db" });

let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isStopping = true;
  });
}

if (url !== null) {
  const [Grace, Linus, Margaret] = await Promise.all([
    signIn(url, "Grace"),
    signIn(url, "Linus"),
    signIn(url, "Margaret"),
  ]);
  for (const scene of SCENES) {
    play(scene, { Grace, Linus, Margaret }).catch((error: unknown) => {
      // The server stops before the scripted people do, so their last requests fail.
      if (!isStopping) throw error;
    });
  }
}

/** Sends a request to the API as one person. Returns the JSON of the answer; null if it has none. */
type CallApi = (method: string, path: string, body?: object) => Promise<unknown>;

/** Signs a person in, and opens a stream so that they are online. */
async function signIn(server: string, name: string): Promise<CallApi> {
  let cookie = "";
  const call: CallApi = async (method, path, body = {}) => {
    const headers = { cookie, "content-type": "application/json" };
    const response = await fetch(server + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`Expected ${method} ${path} of ${name} to succeed, got ${response.status}.`);
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    const hasBody = response.status === 200 || response.status === 201;
    return hasBody ? response.json() : null;
  };
  await call("POST", "/api/session", { name });
  createClient(chat, { url: `${server}/events`, headers: () => ({ cookie }) }).subscribe(chat.presence(), {
    online: (value) => void online.set(chat.presence.events.online.key(value), value.name),
    onClear: ({ key }) => void online.delete(key),
    onGap: () => online.clear(),
  });
  return call;
}

/** Plays a scene again and again, at the speed of real people. */
async function play({ room: roomName, topic, lines }: Scene, people: Record<Member, CallApi>): Promise<never> {
  const { room } = (await people.Grace("POST", "/api/rooms", { name: roomName })) as { room: { id: string } };
  const path = `/api/rooms/${room.id}`;
  const say = async (author: Member, text: string): Promise<void> => {
    await sleep(4_000 + Math.random() * 8_000);
    await people[author]("POST", `${path}/typing`);
    await sleep(1_000 + text.length * 40);
    await people[author]("POST", `${path}/messages`, { text });
  };
  for (;;) {
    await people.Grace("PUT", `${path}/topic`, { text: topic });
    for (const [author, text] of lines) await say(author, text);
    const guest = pick([...online.values()].filter((name) => !(name in people)));
    if (guest !== undefined) await say("Margaret", `@${guest}, ${pick(REMARKS)}`);
  }
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
