import { UNCHANGED, type Message } from "@tidings-apps/chat-contract";
import { expect, onTestFinished, test, vi } from "vitest";
import { ApiError } from "./api.ts";
import { Outbox, type TextStorage } from "./outbox.ts";

class MemoryStorage extends Map<string, string> implements TextStorage {
  getItem = (key: string) => this.get(key) ?? null;
  setItem = (key: string, value: string) => void this.set(key, value);
  removeItem = (key: string) => void this.delete(key);
  key = (index: number) => [...this.keys()][index] ?? null;
  get length() {
    return this.size;
  }
}

/** A server that keeps each key once. The test sets its answer. */
class Server {
  readonly kept = new Map<string, Message>();
  answer: "ok" | "lost" | ApiError = "ok";

  post = async (roomId: string, text: string, key: string): Promise<string> => {
    const { id } = await this.keep(roomId, text, key);
    return id;
  };

  keep(roomId: string, text: string, key: string): Promise<Message> {
    if (this.answer instanceof ApiError) return Promise.reject(this.answer);
    const message: Message = this.kept.get(key) ?? {
      id: `${roomId}-${this.kept.size + 1}`,
      number: this.kept.size + 1,
      author: "ada",
      text,
      mentions: [],
      sentAt: new Date(0),
      ...UNCHANGED,
    };
    this.kept.set(key, message);
    return this.answer === "lost" ? Promise.reject(new ApiError(0, "No answer.")) : Promise.resolve(message);
  }

  get texts(): string[] {
    return [...this.kept.values()].map(({ text }) => text);
  }
}

/** Resolves after everything that waits only for promises. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

const begin = (
  server: Server,
  storage: TextStorage = new MemoryStorage(),
  person = "ada",
  arrival: Promise<void> = Promise.resolve(),
) => {
  const sent: string[] = [];
  let endings = 0;
  const outbox = new Outbox({
    person,
    storage,
    post: server.post,
    arrival: async (_roomId, eventId) => {
      sent.push([...server.kept.values()].find(({ id }) => id === eventId)?.text ?? "");
      await arrival;
    },
    onChange: () => {},
    onSessionEnd: () => endings++,
  });
  const waiting = () => outbox.waiting("lobby").map(({ text }) => text);
  return { outbox, sent, waiting, storage, endings: () => endings };
};

test("messages that are written while the server is away wait, and are sent in order when it is back", async () => {
  const server = new Server();
  server.answer = new ApiError(503, "Away.");
  const { outbox, sent, waiting } = begin(server);
  for (const text of ["one", "two", "three"]) outbox.add("lobby", text, 0, 0);
  await outbox.send();
  expect(waiting()).toEqual(["one", "two", "three"]);
  server.answer = "ok";
  await outbox.send();
  await settle();
  expect(sent).toEqual(["one", "two", "three"]);
  expect(server.texts).toEqual(sent);
  expect(waiting()).toEqual([]);
});

test("a message that the server could not take for now says so, until it is sent", async () => {
  const server = new Server();
  server.answer = new ApiError(503, "Busy.");
  const { outbox } = begin(server, new MemoryStorage(), "ada", new Promise(() => {}));
  outbox.add("lobby", "hi", 0, 0);
  expect(outbox.waiting("lobby")[0]?.isDelayed).toBeUndefined();
  await settle();
  expect(outbox.waiting("lobby")[0]?.isDelayed).toBe(true);
  server.answer = "ok";
  await outbox.send();
  expect(outbox.waiting("lobby")[0]?.isSent).toBe(true);
});

/** The locks of a browser, without their options. */
class Locks {
  #last: Promise<unknown> = Promise.resolve();

  request<Result>(_name: string, _options: LockOptions, work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result;
    return result;
  }
}

test("while one tab waits for an answer, the others do not send the same message, nor overtake it", async () => {
  vi.stubGlobal("navigator", { locks: new Locks() });
  onTestFinished(() => void vi.unstubAllGlobals());
  const server = new Server();
  const posted: string[] = [];
  const answers: (() => void)[] = [];
  const { post } = server;
  server.post = async (roomId, text, key) => {
    posted.push(text);
    await new Promise<void>((resolve) => answers.push(resolve));
    return post(roomId, text, key);
  };
  const storage = new MemoryStorage();
  const [first, second] = [begin(server, storage), begin(server, storage)];
  first.outbox.add("lobby", "one", 0, 1_000);
  await settle();
  second.outbox.add("lobby", "two", 0, 2_000);
  await settle();
  expect(posted).toEqual(["one"]);
  for (let count = 0; count < 2; count++) {
    answers.shift()?.();
    await settle();
  }
  expect([posted, server.texts]).toEqual([
    ["one", "two"],
    ["one", "two"],
  ]);
  expect([first.waiting(), second.waiting(), storage.length]).toEqual([[], [], 0]);
});

test("a tab that does not get its turn in time, or no lock at all, sends its messages all the same", async () => {
  const request = () => Promise.reject(new DOMException("It took too long.", "TimeoutError"));
  vi.stubGlobal("navigator", { locks: { request } });
  onTestFinished(() => void vi.unstubAllGlobals());
  const server = new Server();
  const { outbox, waiting } = begin(server);
  outbox.add("lobby", "hi", 0, 0);
  await settle();
  expect([server.texts, waiting()]).toEqual([["hi"], []]);
});

test("a message that a closed tab has left behind is sent by another one, which was open before", async () => {
  const server = new Server();
  server.answer = new ApiError(0, "Offline.");
  const storage = new MemoryStorage();
  const [first, second] = [begin(server, storage), begin(server, storage)];
  first.outbox.add("lobby", "one", 0, 1_000);
  second.outbox.add("lobby", "two", 0, 2_000);
  await settle();
  // Now the first tab is closed, and the second one has a connection.
  server.answer = "ok";
  await second.outbox.send();
  await settle();
  expect(server.texts).toEqual(["one", "two"]);
  expect([second.waiting(), storage.length]).toEqual([[], 0]);
});

test("a message that another tab has discarded or sent is not sent again, nor shown", async () => {
  const server = new Server();
  server.answer = new ApiError(404, "No such room.");
  const storage = new MemoryStorage();
  const [first, second] = [begin(server, storage), begin(server, storage)];
  first.outbox.add("lobby", "refused", 0, 0);
  await settle();
  await second.outbox.send();
  expect([first.waiting(), second.waiting()]).toEqual([["refused"], ["refused"]]);
  server.answer = "ok";
  second.outbox.drop(second.outbox.waiting("lobby")[0]?.key ?? "");
  await first.outbox.send();
  expect([first.waiting(), server.texts]).toEqual([[], []]);
});

test("a message that the server has is shown until the stream has brought it, and is not sent again", async () => {
  const server = new Server();
  const storage = new MemoryStorage();
  let arrive = (): void => {};
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  const { outbox, sent, waiting } = begin(server, storage, "ada", arrival);
  outbox.add("lobby", "hi", 0, 0);
  await settle();
  expect(outbox.waiting("lobby")).toMatchObject([{ text: "hi", isSent: true }]);
  expect(storage.length).toBe(0);
  await outbox.send();
  expect(sent).toEqual(["hi"]);
  // Its sibling does not wait for it.
  outbox.add("lobby", "there", 0, 0);
  await settle();
  expect(server.texts).toEqual(["hi", "there"]);
  arrive();
  await settle();
  expect(waiting()).toEqual([]);
});

test("after a lost answer the same message is sent again, also after a reload", async () => {
  const server = new Server();
  server.answer = "lost";
  const { outbox, storage } = begin(server);
  outbox.add("lobby", "once", 0, 0);
  await outbox.send();
  expect(server.texts).toEqual(["once"]);
  server.answer = "ok";
  const reloaded = begin(server, storage);
  expect(reloaded.waiting()).toEqual(["once"]);
  await reloaded.outbox.send();
  expect(server.texts).toEqual(["once"]);
  expect(storage.length).toBe(0);
  expect(begin(server, storage).waiting()).toEqual([]);
});

test("a refused message says why, does not block the others, and is retried or removed by the person", async () => {
  const server = new Server();
  server.answer = new ApiError(413, "That is too long.");
  const { outbox, waiting } = begin(server);
  outbox.add("lobby", "long", 0, 0);
  await settle();
  expect(outbox.waiting("lobby")).toMatchObject([{ problem: "That is too long." }]);
  server.answer = "ok";
  outbox.add("lobby", "short", 0, 0);
  await settle();
  expect(server.texts).toEqual(["short"]);
  outbox.retry(outbox.waiting("lobby")[0]?.key ?? "");
  await settle();
  expect(server.texts).toEqual(["short", "long"]);
  server.answer = new ApiError(400, "No.");
  outbox.add("lobby", "never", 0, 0);
  await settle();
  outbox.drop(outbox.waiting("lobby")[0]?.key ?? "");
  expect(waiting()).toEqual([]);
});

test("a message that has come by the stream is not shown as waiting, too", () => {
  const server = new Server();
  server.answer = "lost";
  const { outbox, waiting } = begin(server);
  outbox.add("lobby", "hi", 7, 0);
  outbox.add("lobby", "hi", 7, 1);
  // An older message with the same text is another message.
  outbox.match("lobby", { id: "m7", number: 7, text: "hi" });
  expect(waiting()).toEqual(["hi", "hi"]);
  // A snapshot and an event can bring the same message.
  for (let times = 0; times < 2; times++) outbox.match("lobby", { id: "m8", number: 8, text: "hi" });
  expect(waiting()).toEqual(["hi"]);
});

test("at the end of a session the messages wait, for the same person only", async () => {
  const server = new Server();
  server.answer = new ApiError(401, "Over.");
  const { outbox, waiting, storage, endings } = begin(server);
  outbox.add("lobby", "later", 0, 0);
  await settle();
  expect(endings()).toBe(1);
  expect(waiting()).toEqual(["later"]);
  expect(begin(server, storage, "bo").waiting()).toEqual([]);
  expect(begin(server, storage).waiting()).toEqual(["later"]);
});

test("a name that begins with another name and a slash does not share its messages", async () => {
  const server = new Server();
  server.answer = new ApiError(0, "Offline.");
  const storage = new MemoryStorage();
  const { outbox, waiting } = begin(server, storage, "ada/x");
  outbox.add("lobby", "by ada/x", 0, 0);
  await settle();
  server.answer = "ok";
  const ada = begin(server, storage, "ada");
  await ada.outbox.send();
  expect([ada.waiting(), server.texts, waiting()]).toEqual([[], [], ["by ada/x"]]);
  expect(begin(server, storage, "ada/x").waiting()).toEqual(["by ada/x"]);
});

test("a storage with invalid texts, or a full storage, does no harm", async () => {
  const server = new Server();
  const storage = new MemoryStorage([
    ["tidings-chat/outbox/ada/x", "{"],
    ["tidings-chat/outbox/ada/y", "{}"],
  ]);
  storage.setItem = () => {
    throw new Error("Full.");
  };
  const { outbox, sent } = begin(server, storage);
  outbox.add("lobby", "hi", 0, 0);
  await settle();
  expect(sent).toEqual(["hi"]);
});
