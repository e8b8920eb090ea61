// The chat with a few scripted people in it. Start it with `npm run demo`.
import { setTimeout as sleep } from "node:timers/promises";
import { chat, type Message } from "@tidings-apps/chat-contract";
import { createClient } from "@tidings/client";
import { createPresence, type Followed, type Person } from "@tidings/client/presence";
import { SCENES, type Line, type Member, type Scene } from "./demo-script.ts";
import { startFromEnvironment } from "./environment.ts";

/** What the scripted people say to a real person who has just come, and later. */
const WELCOME = "good to see you here.";
const REMARKS = ["what do you think?", "do you take milk?"];

/** Who is online, as each of the scripted people sees it. */
const views: Followed<readonly Person<null>[]>[] = [];

/** The names of everybody who is online. */
const online = (): string[] => views[0]?.value.map(({ viewer }) => viewer) ?? [];

// The people of the demo do not talk in the rooms of `npm start`.
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
  const client = createClient(chat, { url: `${server}/events`, headers: () => ({ cookie }) });
  views.push(createPresence(client, { contract: chat, servers: chat.servers() }).people(chat.presence()));
  return call;
}

/** Plays a scene: first many lines at once, so that there is something to read, and then again and again. */
async function play({ room: roomName, topic, lines }: Scene, people: Record<Member, CallApi>): Promise<never> {
  // The API answers with the room.
  const { room } = (await people.Grace("POST", "/api/rooms", { name: roomName })) as { room: { id: string } };
  const path = `/api/rooms/${room.id}`;
  const post = async ({ author, text, reactions = [] }: Line): Promise<Message> => {
    // The API answers with the message.
    const { message } = (await people[author]("POST", `${path}/messages`, { text })) as { message: Message };
    for (const [who, emoji] of reactions) {
      await people[who]("PUT", `${path}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`);
    }
    return message;
  };
  const say = async (line: Line): Promise<void> => {
    await sleep(1_000 + Math.random() * 4_000);
    await people[line.author]("POST", `${path}/typing`);
    await sleep(1_000 + line.text.length * 30);
    await post(line);
  };
  await people.Grace("PUT", `${path}/topic`, { text: topic });
  for (const line of lines) {
    const { number } = await post(line);
    // The room is from an earlier run and has enough to read.
    if (number > lines.length) break;
  }
  const welcomed = new Set<string>();
  for (;;) {
    for (const line of lines) {
      const guests = online().filter((name) => !(name in people));
      const newGuest = guests.find((name) => !welcomed.has(name));
      if (newGuest === undefined) {
        await say(line);
      } else {
        welcomed.add(newGuest);
        await say({ author: "Margaret", text: `@${newGuest}, ${WELCOME}` });
      }
    }
    const guest = pick(online().filter((name) => !(name in people)));
    if (guest !== undefined) await say({ author: "Margaret", text: `@${guest}, ${pick(REMARKS)}` });
  }
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
