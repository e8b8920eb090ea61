import { MAX_ROOM_NAME, MAX_TEXT, MAX_TOPIC } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { visit, type ChatState, type Visitor } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { readUntil } from "../packages/server/test/read-until.ts";
import { startTestChat } from "./start-test-chat.ts";

async function enter(...names: string[]): Promise<Visitor[]> {
  const { url } = await startTestChat();
  return Promise.all(names.map((name) => visit(url, name)));
}

/** Ada, alone in a new chat. */
async function enterAlone(): Promise<Visitor> {
  const { url } = await startTestChat();
  return visit(url, "ada");
}

/** Ada and Bo, in a new chat. */
async function enterAsTwo(): Promise<[ada: Visitor, bo: Visitor]> {
  const { url } = await startTestChat();
  return [await visit(url, "ada"), await visit(url, "bo")];
}

async function answer(response: Response): Promise<[status: number, body: unknown]> {
  const text = await response.text();
  return [response.status, text === "" ? null : (JSON.parse(text) as unknown)];
}

/** Sends a request. Returns its answer and the events that it published, as far as the witness may read them. */
async function send(who: Visitor, witness: Visitor, ...request: Parameters<Visitor["request"]>) {
  const before = (await witness.look()).events.length;
  const [status, body] = await answer(await who.request(...request));
  const { events } = await witness.look();
  return { status, body, published: events.slice(before).map(({ channel, type, data }) => ({ channel, type, data })) };
}

const post = (who: Visitor, body: unknown) => who.request("POST", "/api/rooms/lobby/messages", body);
const roomOf = ({ rooms }: ChatState, id = "lobby") => (rooms as { id: string }[]).find((room) => room.id === id);
const inboxOf = ({ state }: Pick<ChatState, "state">, name: string) =>
  state[`users/${name}/inbox`] as { places: unknown[]; mentions: unknown[] };
const someId = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
const someTime = expect.stringMatching(/^\d{4}-.*Z$/) as unknown;

test("posting answers 201; the message is numbered, published, in the snapshot, and read by its author", async () => {
  const ada = await enterAlone();
  await ada.request("DELETE", "/api/rooms/lobby/membership");
  const message = { id: someId, number: 1, author: "ada", text: "hi", mentions: [], sentAt: someTime };
  const sent = await send(ada, ada, "POST", "/api/rooms/lobby/messages", { text: "hi", unknown: "ignored" });
  expect(sent).toMatchObject({ status: 201, body: { message } });
  expect(sent.published.find(({ type }) => type === "message")).toEqual({
    channel: "rooms/lobby",
    type: "message",
    data: (sent.body as { message: unknown }).message,
  });
  expect(sent.published.at(-1)).toMatchObject({ type: "place", data: { roomId: "lobby", joined: true, read: 1 } });
  const kept = await ada.look();
  expect(kept.state["rooms/lobby"]).toEqual({ messages: [(sent.body as { message: unknown }).message] });
  expect(roomOf(kept)).toMatchObject({ joined: true, read: 1, newest: 1 });
});

test("the messages of a room are numbered without holes, also when two people send at the same time", async () => {
  const [ada, bo] = await enterAsTwo();
  await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? ada : bo).say(`number ${index}`)));
  const { messages } = (await ada.look()).state["rooms/lobby"] as { messages: { number: number }[] };
  // The snapshot has the 50 newest, oldest first.
  expect(messages.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => 11 + index));
  const { events } = await ada.look();
  const published = events.filter(({ type }) => type === "message");
  expect(published.map(({ data }) => (data as { number: number }).number)).toEqual(
    Array.from({ length: 60 }, (_, index) => 1 + index),
  );
});

test("the same idempotency key of the same author is one message, also for requests at the same time", async () => {
  const [ada, bo] = await enterAsTwo();
  const bodies = await Promise.all(
    Array.from({ length: 8 }, async () => answer(await post(ada, { text: "once", idempotencyKey: "k" }))),
  );
  expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  expect(bodies[0]?.[0]).toBe(201);
  await post(bo, { text: "bo's own", idempotencyKey: "k" });
  await bo.request("POST", "/api/rooms", { name: "Tea" });
  await ada.request("POST", "/api/rooms/tea/messages", { text: "in another room", idempotencyKey: "k" });
  expect(await ada.read(10)).toEqual(["once", "bo's own"]);
});

test("a person who is named with an @ has the mention in the inbox until they have read the message", async () => {
  const [ada, bo] = await enterAsTwo();
  const sent = await send(ada, bo, "POST", "/api/rooms/lobby/messages", { text: "hi @BO, and @ada, and @nobody" });
  const { id: messageId } = (sent.body as { message: { id: string } }).message;
  expect(sent.body).toMatchObject({ message: { mentions: ["bo", "ada"] } });
  const mention = {
    roomId: "lobby",
    roomName: "Lobby",
    messageId,
    number: 1,
    by: "ada",
    text: "hi @BO, and @ada, and @nobody",
  };
  expect(sent.published.filter(({ type }) => type === "mention")).toEqual([
    { channel: "users/bo/inbox", type: "mention", data: mention },
  ]);
  expect(inboxOf(await bo.look(), "bo").mentions).toEqual([mention]);
  const { events } = await ada.look();
  expect(events.filter(({ type }) => type === "mention")).toEqual([]);
  await bo.request("PUT", "/api/rooms/lobby/read", { number: 1 });
  expect(inboxOf(await bo.look(), "bo").mentions).toEqual([]);
});

test("a message or an edit that mentions 51 people is refused with 400: nothing is stored or published", async () => {
  const names = Array.from({ length: 51 }, (_, index) => `p${index}`);
  const [ada] = await enter("ada", ...names);
  if (ada === undefined) throw new Error("Expected ada to be there.");
  const text = names.map((name) => `@${name}`).join(" ");
  const accepted = await post(ada, { text: text.slice(0, text.lastIndexOf(" ")) });
  const { message } = (await accepted.json()) as { message: { id: string } };
  const before = await ada.look();
  for (const refused of [
    post(ada, { text }),
    ada.request("PATCH", `/api/rooms/lobby/messages/${message.id}`, { text }),
  ]) {
    expect(await expectProblem(await refused, 400)).toContain("at most 50 people, got one that mentions 51");
  }
  expect(await ada.look()).toEqual(before);
});

test("the snapshot of an inbox has the hundred newest mentions", async () => {
  const [ada, bo] = await enterAsTwo();
  for (let number = 1; number <= 101; number++) await ada.say(`@bo ${number}`);
  const texts = inboxOf(await bo.look(), "bo").mentions.map((mention) => (mention as { text: string }).text);
  expect(texts).toEqual(Array.from({ length: 100 }, (_, index) => `@bo ${index + 2}`));
});

test("the lobby and an inbox stay readable, whatever one person posts", async () => {
  const [ada, bo] = await enterAsTwo();
  // The longest text, with six bytes for each control character: 100 of them have more than the 1 MiB of a snapshot.
  const text = "@bo ".padEnd(MAX_TEXT, "\u0001");
  // A post that waits for five seconds is refused, and on a busy machine each of these takes long.
  for (let burst = 0; burst < 10; burst++) await Promise.all(Array.from({ length: 10 }, () => ada.say(text)));
  await ada.say("the last one");
  const { state } = await bo.look();
  for (const content of Object.values(state)) {
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(300_000);
  }
  const { messages } = state["rooms/lobby"] as { messages: { number: number }[] };
  expect(messages.at(-1)).toMatchObject({ number: 101, text: "the last one" });
  expect(messages.map(({ number }) => number)).toEqual(messages.map((_, index) => 102 - messages.length + index));
  expect(inboxOf({ state }, "bo").mentions.at(-1)).toMatchObject({ number: 100 });
});

test("a read mark moves up to the newest message, never back, and each move is published once", async () => {
  const [ada, bo] = await enterAsTwo();
  for (const text of ["1", "2", "3"]) await ada.say(text);
  const mark = (number: number) => send(bo, bo, "PUT", "/api/rooms/lobby/read", { number });
  const place = (read: number) => [
    { channel: "users/bo/inbox", type: "place", data: { roomId: "lobby", joined: true, read } },
  ];
  expect(await mark(2)).toEqual({ status: 204, body: null, published: place(2) });
  expect(await mark(2)).toEqual({ status: 204, body: null, published: [] });
  expect(await mark(0)).toEqual({ status: 204, body: null, published: [] });
  expect(await mark(99)).toEqual({ status: 204, body: null, published: place(3) });
  expect(roomOf(await bo.look())).toMatchObject({ read: 3, newest: 3 });
});

test("a new room is published to everybody, its creator is a member, and creating it again is safe", async () => {
  const [ada, bo] = await enterAsTwo();
  const room = { id: "tea-room", name: "Tea room" };
  const joined = { roomId: "tea-room", joined: true, read: 0 };
  expect(await send(ada, ada, "POST", "/api/rooms", { name: " Tea  room " })).toEqual({
    status: 201,
    body: { room },
    published: [
      { channel: "rooms", type: "opened", data: room },
      { channel: "users/ada/inbox", type: "place", data: joined },
    ],
  });
  expect(await send(bo, bo, "POST", "/api/rooms", { name: "ＴＥＡ ROOM" })).toEqual({
    status: 200,
    body: { room },
    published: [{ channel: "users/bo/inbox", type: "place", data: joined }],
  });
  expect(await send(bo, bo, "POST", "/api/rooms", { name: "Tea room" })).toEqual({
    status: 200,
    body: { room },
    published: [],
  });
  const { state, rooms } = await bo.look();
  expect(state["rooms"]).toEqual({ rooms: [{ id: "lobby", name: "Lobby" }, room] });
  expect(rooms).toEqual([
    { id: "lobby", name: "Lobby", topic: null, joined: true, read: 0, newest: 0 },
    { ...room, topic: null, joined: true, read: 0, newest: 0 },
  ]);
});

test("when many people create the same room at the same time, there is one room and all are members", async () => {
  const names = Array.from({ length: 8 }, (_, index) => `person ${index}`);
  const people = await enter(...names);
  const answers = await Promise.all(people.map((person) => person.request("POST", "/api/rooms", { name: "Tea" })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  const [first] = people;
  expect((await first?.look())?.state["rooms"]).toMatchObject({ rooms: [{ id: "lobby" }, { id: "tea" }] });
  for (const person of people) expect(roomOf(await person.look(), "tea")).toMatchObject({ joined: true });
});

test("joining and leaving are published to the inbox of that person, once", async () => {
  const [ada, bo] = await enterAsTwo();
  await ada.request("POST", "/api/rooms", { name: "Tea" });
  const move = (method: string) => send(bo, bo, method, "/api/rooms/tea/membership");
  const place = (joined: boolean) => [
    { channel: "users/bo/inbox", type: "place", data: { roomId: "tea", joined, read: 0 } },
  ];
  expect(await move("PUT")).toEqual({ status: 204, body: null, published: place(true) });
  expect(await move("PUT")).toEqual({ status: 204, body: null, published: [] });
  expect(roomOf(await bo.look(), "tea")).toMatchObject({ joined: true });
  expect(await move("DELETE")).toEqual({ status: 204, body: null, published: place(false) });
  expect(await move("DELETE")).toEqual({ status: 204, body: null, published: [] });
  // Membership decides what a page lists, not what a person may read.
  expect((await bo.request("HEAD", "/events?channel=rooms/tea")).status).toBe(200);
});

test("a topic is published to the room, is in the list of rooms, and may be emptied", async () => {
  const [ada, bo] = await enterAsTwo();
  for (const [text, by] of [
    ["  Tea \n and cake ", ada],
    ["", bo],
  ] as const) {
    const topic = { text: text.trim().replaceAll(/\s+/g, " "), by: by === ada ? "ada" : "bo" };
    expect(await answer(await by.request("PUT", "/api/rooms/lobby/topic", { text }))).toEqual([200, { topic }]);
    expect(roomOf(await bo.look())).toMatchObject({ topic });
    const stream = await ada.request("GET", "/events?channel=rooms/lobby@now");
    await readUntil(stream.body, `rooms/lobby:topic\ndata: ${JSON.stringify(topic)}`);
  }
});

test("a topic that somebody else has set meanwhile is not overwritten: the second person gets 409", async () => {
  const [ada, bo] = await enterAsTwo();
  const set = (by: Visitor, text: string, expects?: string) =>
    by.request("PUT", "/api/rooms/lobby/topic", { text, expects });
  expect((await set(ada, "Tea", "")).status).toBe(200);
  expect(await expectProblem(await set(bo, "Cake", ""), 409)).toBe(
    'Expected the topic to be "", got "Tea", which somebody has written meanwhile; nothing is saved.',
  );
  expect(roomOf(await bo.look())).toMatchObject({ topic: { text: "Tea", by: "ada" } });
  expect((await set(bo, "Cake", "Tea")).status).toBe(200);
  expect((await set(bo, "")).status).toBe(200);
});

test("typing answers 202 and is published to the room, but not stored", async () => {
  const [ada, bo] = await enterAsTwo();
  const before = await bo.look();
  const stream = await bo.request("GET", "/events?channel=rooms/lobby");
  expect((await ada.request("POST", "/api/rooms/lobby/typing")).status).toBe(202);
  await readUntil(stream.body, 'rooms/lobby:typing\ndata: {"author":"ada"}\n');
  const { rooms, state, events } = await bo.look();
  expect({ rooms, state, events }).toEqual({ rooms: before.rooms, state: before.state, events: before.events });
});

const INVALID: readonly [method: string, path: string, bodies: readonly unknown[]][] = [
  [
    "POST",
    "/api/rooms/lobby/messages",
    [
      ...["\u200b", "\u3164\u2800", "\u202etxt"].map((text) => ({ text })),
      ...["", " \n\t\u00a0 ", "x".repeat(MAX_TEXT + 1), 1, null, ["hi"], { toString: "hi" }].map((text) => ({ text })),
      ...[1, "", "k".repeat(129), null, "\ud800"].map((idempotencyKey) => ({ text: "hi", idempotencyKey })),
    ],
  ],
  [
    "POST",
    "/api/rooms",
    ["", "  ", "x".repeat(MAX_ROOM_NAME + 1), 1, null, "a\u0000b", "龍".repeat(23)].map((name) => ({ name })),
  ],
  ["PUT", "/api/rooms/lobby/read", [-1, 1.5, "1", null, true, [1], 2 ** 53, 1e300].map((number) => ({ number }))],
  [
    "PUT",
    "/api/rooms/lobby/topic",
    ["x".repeat(MAX_TOPIC + 1), 1, null, "a\u0000b", ["a"], "\u200b", "\u3164\u2800", "\u202etxt"].map((text) => ({
      text,
    })),
  ],
];

test.for(INVALID)(
  "%s %s refuses an invalid body: nothing is stored and nothing is published",
  async ([method, path, bodies]) => {
    const ada = await enterAlone();
    await ada.say("hi");
    const before = await ada.look();
    for (const body of [...bodies, "{", "", "null", '"hi"', [], {}]) {
      await expectProblem(await ada.request(method, path, body), 400);
    }
    const padded = { text: "hi", name: "Tea", number: 0, padding: "x".repeat(64 * 1024) };
    await expectProblem(await ada.request(method, path, padded), 413);
    expect(await ada.look()).toEqual(before);
  },
);

test("the list of rooms has a hundred rooms in an answer, and says where the next ones begin", async () => {
  const [ada, ...openers] = await enter("ada", "bo", "cy", "di");
  const list = async (query: string) => {
    const response = await ada?.request("GET", `/api/rooms${query}`);
    return (await response?.json()) as { rooms: { id: string }[]; next: number | null };
  };
  for (const [index, opener] of openers.entries()) {
    for (let room = 0; room < 40; room++) await opener.request("POST", "/api/rooms", { name: `Room ${index} ${room}` });
  }
  const [first, second] = [await list(""), await list("?from=100")];
  expect([first.rooms.length, first.next, second.rooms.length, second.next]).toEqual([100, 100, 21, null]);
  expect(new Set([...first.rooms, ...second.rooms].map(({ id }) => id)).size).toBe(121);
  for (const from of ["-1", "x", "1e3", "", "100000", "1&from=2"]) {
    await expectProblem((await ada?.request("GET", `/api/rooms?from=${from}`)) ?? Response.error(), 400);
  }
});

test("a text of the maximum length, or with any characters, is stored unchanged", async () => {
  const ada = await enterAlone();
  const texts = ["x".repeat(MAX_TEXT), "a\u0000b", "  <b>&amp;\r\n\u2028 ", "😀👩‍🚀"];
  for (const text of texts) expect((await post(ada, { text })).status).toBe(201);
  expect(await ada.read(10)).toEqual(texts);
  const { messages } = (await ada.look()).state["rooms/lobby"] as { messages: { text: string }[] };
  expect(messages.map(({ text }) => text)).toEqual(texts);
});
