import { chat, MAX_TEXT, MAX_WORDS, type Message } from "@tidings-apps/chat-contract";
import { createFakeModel, type Model } from "@tidings-apps/chat-server";
import { createHub, type Hub } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { MAX_ANSWERS, MAX_ANSWERS_OF_ROOM } from "../apps/chat-server/src/ask.ts";
import { createAssistant } from "../apps/chat-server/src/assistant.ts";
import { post } from "../apps/chat-server/src/post.ts";
import { openStorage } from "../apps/chat-server/src/storage.ts";

type AnswerHub = Pick<Hub<typeof chat>, "lease">;

/** Milliseconds between two words of the models below. */
const PACE = 100;

/** The assistant of one server, in memory and in virtual time. */
async function start(modelIn: (clock: VirtualClock) => Model, leases = (hub: AnswerHub): AnswerHub => hub) {
  const clock = new VirtualClock();
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const storage = await openStorage({ kind: "memory" }, (log) =>
    createHub(chat, {
      log,
      clock,
      authorize: () => true,
      snapshot: { room: empty, directory: empty, inbox: empty },
    }),
  );
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push(String(error));
  const disk = { isFull: false };
  const write: typeof storage.write = (work) =>
    disk.isFull ? Promise.reject(new Error("The disk is full.")) : storage.write(work);
  const hub = { ...storage.hub, ...leases(storage.hub) };
  const assistant = createAssistant({ storage: { ...storage, write, hub }, clock, model: modelIn(clock), onError });
  onTestFinished(async () => {
    await Promise.all([assistant.close(), clock.advance(1_000)]);
    await Promise.all([storage.close(), clock.advance(10_000)]);
  });
  await storage.write(async (tx) => {
    for (const name of ["ada", "bo"]) await tx.people.add(name);
  });
  const room = { id: "lobby", name: "Lobby" };
  /** Lets time pass. A transaction may take several turns of the event loop: an empty one ends after all others. */
  const advance = async (milliseconds: number): Promise<void> => {
    await clock.advance(milliseconds);
    await storage.write(async () => {});
    await clock.advance(0);
  };
  /** Somebody asks, and the server looks, as it does after each question. */
  const ask = async (text: string, idempotencyKey?: string, where = room): Promise<void> => {
    await storage.write((tx) => post(tx, where, { author: "ada", text, mentions: ["Tea"], idempotencyKey }));
    assistant.look();
    await advance(0);
  };
  /** The assistant's messages, oldest first. */
  const answers = async (): Promise<Message[]> =>
    (await storage.tables.messages.newest("lobby", 50)).filter(({ author }) => author === "Tea");
  return { storage, assistant, errors, ask, answers, advance, disk };
}

const newestId = (answers: readonly Message[]): string => answers.at(-1)?.id ?? "";

/** A model that says these words. */
const saying =
  (...words: readonly string[]) =>
  (clock: VirtualClock): Model =>
    async function* () {
      for (const word of words) {
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, PACE));
        yield word;
      }
    };

/** The words of an answer in the log, then how it has ended. */
async function logOf({ storage, advance }: Awaited<ReturnType<typeof start>>, id: string): Promise<unknown[]> {
  const items: unknown[] = [];
  const leave = new AbortController();
  const reading = (async () => {
    const address = chat.answer({ answerId: id });
    for await (const item of storage.hub.events(address, { after: null, signal: leave.signal })) {
      items.push(item.kind === "event" ? item.data.text : item.kind === "end" ? item.data : item.kind);
    }
  })();
  await advance(0);
  leave.abort();
  await reading;
  return items;
}

test("a mention begins an answer that grows word by word, and is a plain message afterwards", async () => {
  const server = await start(saying("Tea ", "is ", "hot. "));
  await server.ask("what is @tea?");
  expect(await server.answers()).toMatchObject([{ number: 2, text: "", answer: { state: "writing" }, mentions: [] }]);
  const id = newestId(await server.answers());
  await server.advance(2 * PACE);
  expect(await logOf(server, id)).toEqual(["Tea ", "is "]);
  await server.advance(PACE);
  expect(await logOf(server, id)).toEqual(["Tea ", "is ", "hot. ", { state: "done" }]);
  expect(await server.answers()).toMatchObject([{ id, text: "Tea is hot.", answer: { state: "done" }, revision: 1 }]);
  expect(await server.storage.tables.answers.all()).toEqual([]);
});

test("the same question twice has one answer, and no answer asks again", async () => {
  const server = await start(saying("Ask @tea. "));
  for (const _again of [1, 2]) await server.ask("@tea, what now?", "key");
  await server.advance(5_000);
  expect(await server.answers()).toMatchObject([{ text: "Ask @tea." }]);
});

test("a character that the model splits is whole in the answer", async () => {
  const server = await start(saying("Hot \uD83C", "\uDF75", " tea \uD83C", "!"));
  await server.ask("@tea");
  await server.advance(5 * PACE);
  // The last one has no second half.
  expect(await server.answers()).toMatchObject([{ text: "Hot 🍵 tea \uFFFD!", answer: { state: "done" } }]);
});

test("nobody is told of a mention of the assistant, and it is in no room", async () => {
  const server = await start(saying("Yes. "));
  await server.ask("@tea");
  await server.advance(PACE);
  expect(await server.storage.tables.mentions.peopleOf("lobby", 1)).toEqual([]);
  expect(await server.storage.tables.memberships.of("Tea")).toEqual([]);
});

test("an answer that is stopped keeps its text, and says by whom", async () => {
  const server = await start(saying("One ", "two ", "three "));
  await server.ask("@tea count");
  await server.advance(PACE);
  const id = newestId(await server.answers());
  await server.assistant.stop(id, "bo");
  await server.advance(0);
  expect(await server.answers()).toMatchObject([{ text: "One", answer: { state: "stopped", by: "bo" } }]);
  expect(await logOf(server, id)).toEqual(["One ", { state: "stopped", by: "bo" }]);
});

test("a stop that comes before any server has begun ends the answer, and the model is not called", async () => {
  const calls: string[] = [];
  const server = await start(
    () =>
      async function* ({ text }) {
        calls.push(text);
        yield "Yes. ";
      },
  );
  await server.storage.write((tx) =>
    post(tx, { id: "lobby", name: "Lobby" }, { author: "ada", text: "@tea?", mentions: ["Tea"] }),
  );
  const id = newestId(await server.answers());
  await server.assistant.stop(id, "bo");
  await server.advance(0);
  expect(await server.answers()).toMatchObject([{ text: "", answer: { state: "stopped", by: "bo" } }]);
  expect(await logOf(server, id)).toEqual([{ state: "stopped", by: "bo" }]);
  await server.advance(10_000);
  expect(calls).toEqual([]);
  expect(await server.storage.tables.answers.all()).toEqual([]);
  // Again, when it has ended: nothing happens.
  await server.assistant.stop(id, "ada");
  expect(await server.answers()).toMatchObject([{ answer: { state: "stopped", by: "bo" }, revision: 1 }]);
});

test("a stop that comes while a server is about to take the lease ends the answer", async () => {
  let letTake = () => {};
  const isFree = new Promise<void>((resolve) => (letTake = resolve));
  let leases = 0;
  const server = await start(saying("One ", "two "), (hub) => ({
    async lease(...given) {
      if (leases++ === 0) await isFree;
      return hub.lease(...given);
    },
  }));
  await server.ask("@tea count");
  const id = newestId(await server.answers());
  await server.assistant.stop(id, "bo");
  letTake();
  await server.advance(5_000);
  expect(await server.answers()).toMatchObject([{ text: "", answer: { state: "stopped", by: "bo" }, revision: 1 }]);
  expect(server.errors).toEqual([]);
});

test("when the first words of a server that has died are gone, the text says so", async () => {
  const server = await start(saying("No. "));
  await server.storage.write((tx) =>
    post(tx, { id: "lobby", name: "Lobby" }, { author: "ada", text: "@tea?", mentions: ["Tea"] }),
  );
  const address = chat.answer({ answerId: newestId(await server.answers()) });
  const aborted = { state: "interrupted" } as const;
  const writer = await server.storage.hub.lease(address, { ttl: 5_000, aborted });
  for (const [index, text] of ["is ", "hot. "].entries()) await writer.publish("word", { text, number: index + 2 });
  await writer.end(aborted);
  await server.advance(2_000);
  expect(await server.answers()).toMatchObject([{ text: "…is hot.", answer: aborted }]);
});

test.for<[what: string, model: (clock: VirtualClock) => Model, text: string, error: string[]]>([
  [
    "throws",
    () =>
      async function* () {
        yield "Well, ";
        throw new Error("no more");
      },
    "Well,",
    ["Error: no more"],
  ],
  [
    "hangs, and does not listen to its signal",
    () =>
      async function* () {
        yield "Well, ";
        await new Promise(() => {});
      },
    "Well,",
    [],
  ],
  ["says nothing", saying("", " "), "", []],
])("an answer of a model that %s is interrupted, within a minute", async ([, model, text, errors]) => {
  const server = await start(model);
  await server.ask("@tea?");
  await server.advance(60_000);
  expect(await server.answers()).toMatchObject([{ text, answer: { state: "interrupted" } }]);
  expect(server.errors).toEqual(errors);
});

test.for<[what: string, word: string, count: number]>([
  ["words", "a", MAX_WORDS - 1],
  ["characters", `${"x".repeat(99)} `, Math.floor((MAX_TEXT - 1) / 100)],
])("an answer of too many %s ends with an ellipsis", async ([, word, count]) => {
  const server = await start(
    () =>
      async function* () {
        for (;;) yield word;
      },
  );
  await server.ask("@tea, say everything");
  await server.advance(10_000);
  expect(await server.answers()).toMatchObject([{ text: `${word.repeat(count)}…`, answer: { state: "done" } }]);
});

test.for([
  ["a word that is too long", ["x".repeat(MAX_TEXT + 1)], `${"x".repeat(MAX_TEXT - 1)}…`],
  ["a word whose last character would be split", ["🍵".repeat(MAX_TEXT)], `${"🍵".repeat(MAX_TEXT / 2 - 1)}…`],
  ["a text that is too long", ["Tea is hot. ".repeat(MAX_TEXT)], `${"Tea is hot. ".repeat(166)}Tea is …`],
  ["a last word that is too long", ["Tea ", "x".repeat(MAX_TEXT)], "Tea …"],
  ["a last text that is too long", ["Tea ", "is hot. ".repeat(MAX_TEXT)], `Tea ${"is hot. ".repeat(249)}is …`],
] as const)("an answer with %s has what fits of it", async ([, words, text]) => {
  const server = await start(saying(...words));
  await server.ask("@tea");
  await server.advance(1_000);
  expect(await server.answers()).toMatchObject([{ text, answer: { state: "done" } }]);
});

test("in a room few answers are written at the same time; whoever asks for more is told so", async () => {
  const server = await start(saying("Yes. "));
  for (let count = 0; count <= MAX_ANSWERS_OF_ROOM; count++) await server.ask("@tea?");
  const states = async () => (await server.answers()).map(({ answer }) => answer?.state ?? "none");
  expect(await states()).toEqual(["writing", "writing", "writing", "none"]);
  expect((await server.answers()).at(-1)?.text).toMatch(/already writing 3 answers here/);
  await server.advance(PACE);
  await server.ask("@tea?");
  expect(await states()).toEqual(["done", "done", "done", "none", "writing"]);
});

test("in all rooms together few answers are written at the same time", async () => {
  const server = await start(saying("Yes. "));
  const rooms = await server.storage.write((tx) =>
    Promise.all(Array.from({ length: 10 }, (_, index) => tx.rooms.add(`r${index}`))),
  );
  for (const room of rooms) for (const _each of [1, 2]) await server.ask("@tea?", undefined, room);
  expect(await server.storage.tables.answers.all()).toHaveLength(MAX_ANSWERS);
  await server.ask("@tea?");
  expect(await server.answers()).toMatchObject([{ text: expect.stringMatching(/^Many people/), answer: null }]);
});

test("a server that closes ends its answers with what they have, and says that they were interrupted", async () => {
  const server = await start(saying("One ", "two ", "three "));
  await server.ask("@tea count");
  await server.advance(PACE);
  await server.assistant.close();
  expect(await server.answers()).toMatchObject([{ text: "One", answer: { state: "interrupted" } }]);
});

test("an answer that cannot be stored is stored as soon as that works again", async () => {
  const server = await start(saying("Yes. "));
  await server.ask("@tea?");
  server.disk.isFull = true;
  await server.advance(3_000);
  expect(await server.answers()).toMatchObject([{ answer: { state: "writing" } }]);
  expect(server.errors.length).toBeGreaterThan(1);
  server.disk.isFull = false;
  await server.advance(1_000);
  expect(await server.answers()).toMatchObject([{ text: "Yes.", answer: { state: "done" } }]);
});

test("a lease that cannot be given up after the answer is given up later", async () => {
  const releases: string[] = [];
  const server = await start(saying("Yes. "), (hub) => ({
    lease: async (...given) => {
      const writer = await hub.lease(...given);
      const release = async (): Promise<void> => {
        if (releases.push("asked") === 1) throw new Error("The log is away.");
        await writer.release();
        releases.push("released");
      };
      return { ...writer, release };
    },
  }));
  await server.ask("@tea?");
  await server.advance(PACE);
  expect(server.errors).toEqual(["Error: The log is away."]);
  await server.advance(1_000);
  expect(releases).toEqual(["asked", "asked", "released"]);
  expect(await server.answers()).toMatchObject([{ text: "Yes.", answer: { state: "done" }, revision: 1 }]);
});

test("an answer whose server has gone before it began is written by the next one that looks", async () => {
  const server = await start(saying("Yes. "));
  await server.storage.write((tx) =>
    post(tx, { id: "lobby", name: "Lobby" }, { author: "ada", text: "@tea?", mentions: ["Tea"] }),
  );
  await server.advance(2_000 + PACE);
  expect(await server.answers()).toMatchObject([{ text: "Yes.", answer: { state: "done" } }]);
});

test("the model of the chat quotes the question, and knows a few things", async () => {
  const server = await start(createFakeModel);
  for (const text of ["@tea How long does green tea take?", "@tea", "Tell me about rockets, @tea."]) {
    await server.ask(text);
  }
  await server.advance(30_000);
  const [green, nothing, rockets] = (await server.answers()).map(({ text }) => text);
  expect(green).toMatch(/^“How long does green tea take\?” Green tea: .* two minutes/);
  expect(nothing).toMatch(/^Yes\?/);
  expect(rockets).toMatch(/^“Tell me about rockets\.” About that I know nothing\. I am a fake model without network/);
});
