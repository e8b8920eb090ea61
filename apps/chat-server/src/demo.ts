// The chat with a few people in it: `npm run demo`.
import { setTimeout as sleep } from "node:timers/promises";
import { chat } from "@tidings-apps/chat-contract";
import { createClient } from "@tidings/client";
import { url } from "./main.ts";

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

/** What is said to somebody who looks on. */
const ASIDES = ["what do you think?", "good to see you here.", "do you take milk?"];

/** Who is here, by server and name. */
const here = new Map<string, string>();

let ending = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (ending = true));

if (url !== null) {
  const [Grace, Linus, Margaret] = await Promise.all([
    enter(url, "Grace"),
    enter(url, "Linus"),
    enter(url, "Margaret"),
  ]);
  for (const scene of SCENES) {
    play(scene, { Grace, Linus, Margaret }).catch((error: unknown) => {
      // The server leaves before its guests.
      if (!ending) throw error;
    });
  }
}

/** Does something over the API, and returns what it was answered. */
type Act = (method: string, path: string, body?: object) => Promise<unknown>;

/** Signs somebody in and opens a stream, so that they are seen to be here. */
async function enter(server: string, name: string): Promise<Act> {
  let cookie = "";
  const act: Act = async (method, path, body = {}) => {
    const headers = { cookie, "content-type": "application/json" };
    const response = await fetch(server + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${name} was answered ${response.status} to ${method} ${path}.`);
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    return response.status === 200 || response.status === 201 ? response.json() : null;
  };
  await act("POST", "/api/session", { name });
  createClient(chat, { url: `${server}/events`, headers: () => ({ cookie }) }).subscribe(chat.presence(), {
    online: (value) => void here.set(chat.presence.events.online.key(value), value.name),
    onClear: ({ key }) => void here.delete(key),
    onGap: () => here.clear(),
  });
  return act;
}

/** Plays a scene over and over, at the pace of people. */
async function play({ room: name, topic, lines }: Scene, people: Record<Member, Act>): Promise<never> {
  const { room } = (await people.Grace("POST", "/api/rooms", { name })) as { room: { id: string } };
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
    const guest = pick([...here.values()].filter((each) => !(each in people)));
    if (guest !== undefined) await say("Margaret", `@${guest}, ${pick(ASIDES)}`);
  }
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
