import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Fetch } from "@tidings/client";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { ai, readAnswer, startAnswers, type Model } from "./tokens.ts";
import { take } from "./test/take.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

interface Answer {
  readonly id: string;
  readonly after: string;
}

const WORDS = ["tea ", "is ", "thé, ", "茶 ", "and ", "steeps ", "slowly 🍵 ", "until\n"];

/** Says 20 words for each character of the prompt, and takes 24 ms for a word on average. */
const modelIn = (time: VirtualClock): Model =>
  async function* (prompt, signal) {
    const aborted = once(signal, "abort");
    let seed = prompt.length;
    for (let left = 20 * prompt.length; left > 0 && !signal.aborted; left--) {
      seed = (seed * 48_271) % 2_147_483_647;
      const pause = new Promise<void>((resolve) => void time.setTimeout(resolve, 5 + (seed % 40)));
      await Promise.race([aborted, pause]);
      yield WORDS[seed % WORDS.length] ?? "";
    }
  };

interface Started {
  readonly log?: EventLog;
  /** @default a model in virtual time */
  readonly model?: Model;
  readonly save?: (id: string, text: string) => void;
}

/** Starts the server. */
async function start({ log = memoryLog(), model, save = () => {} }: Started = {}) {
  const time = new VirtualClock();
  const saved = new Map<string, string>();
  const { hub, server } = startAnswers(0, log, model ?? modelIn(time), (id, text) => {
    save(id, text);
    saved.set(id, text);
  });
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (prompt: string): Promise<Answer> => {
    const response = await fetch(`${url}/answers`, { method: "POST", body: prompt });
    expect(response.status).toBe(201);
    return (await response.json()) as Answer;
  };
  const stop = async ({ id }: Answer): Promise<void> => {
    expect((await fetch(`${url}/answers/${id}/stop`, { method: "POST" })).status).toBe(204);
  };
  /** Opens a page: a new client that reads from the first word. */
  const openPage = (answer: Answer, fetch: Fetch = globalThis.fetch) => {
    const client = createClient(ai, { url: `${url}/events`, fetch });
    onTestFinished(() => client.close());
    return { client, text: readAnswer(client, answer) };
  };
  /** Reads all events that exist now, in pages of at most 500. */
  const readPages = async ({ id, after }: Answer): Promise<Event[][]> => {
    const pages: Event[][] = [];
    let cursor = after;
    let hasMore = true;
    while (hasMore) {
      const headers = { accept: "application/json" };
      const response = await fetch(`${url}/events?channel=answers/${id}&after=${cursor}`, { headers });
      const page = (await response.json()) as { events: Event[]; cursor: string; more: boolean };
      pages.push(page.events);
      cursor = page.cursor;
      hasMore = page.more;
    }
    return pages;
  };
  return { hub, log, time, saved, ask, stop, openPage, readPages };
}

interface Event {
  readonly type: string;
  readonly data: { readonly text?: string; readonly outcome?: string };
}

/** Reads to the end of the answer. */
async function readAll(text: AsyncGenerator<string, unknown>): Promise<{ text: string; done: unknown }> {
  let read = "";
  for (;;) {
    const { done, value } = await text.next();
    if (done === true) return { text: read, done: value };
    read += value;
  }
}

test("a page that is reloaded in the middle and a second tab have exactly the server's text", async () => {
  const { time, saved, ask, openPage } = await start();
  const answer = await ask("What is tea?");
  const secondTab = readAll(openPage(answer).text);
  await time.advance(3_000);
  const first = openPage(answer);
  await take(first.text, 40);
  first.client.close();
  const reloaded = readAll(openPage(answer).text);
  await time.advance(10_000);

  const text = saved.get(answer.id) ?? "";
  expect(text.length).toBeGreaterThan(1_000);
  for (const read of [await reloaded, await secondTab]) {
    expect(Buffer.from(read.text).equals(Buffer.from(text))).toBe(true);
    expect(read.done).toBe("done");
  }
});

test("a late reader gets the whole text: the existing part in pages, the rest while it is written", async () => {
  const { time, saved, ask, openPage, readPages } = await start();
  const answer = await ask("What is tea? ".repeat(3));
  await time.advance(14_000);
  const existing = await readPages(answer);
  expect(existing[0]).toHaveLength(500);

  const accepted: unknown[] = [];
  const { client, text } = openPage(answer, (url, init) => {
    accepted.push(new Headers(init.headers).get("accept"));
    return fetch(url, init);
  });
  await take(text, existing.flat().length - 1);
  await expect.poll(() => client.status.value.state, POLL).toBe("live");
  const rest = readAll(text);
  await time.advance(10_000);
  const { text: live, done } = await rest;
  const whole = saved.get(answer.id) ?? "";
  expect(live.length).toBeGreaterThan(100);
  expect(whole.endsWith(live)).toBe(true);
  expect(done).toBe("done");
  expect(accepted.filter((type) => type === "application/json")).toHaveLength(existing.length);
});

test("after a reader has stopped the answer nothing more is written, and all readers get the end", async () => {
  const { time, saved, ask, stop, openPage, readPages } = await start();
  const answer = await ask("What is tea?");
  const reading = readAll(openPage(answer).text);
  await time.advance(2_020);
  expect((await readPages(answer)).flat().length).toBeGreaterThan(20);
  await stop(answer);
  const { text, done } = await reading;
  expect(done).toBe("stopped");
  expect(text).toBe(saved.get(answer.id));
  const events = (await readPages(answer)).flat();
  expect(events.at(-1)).toMatchObject({ type: "end", data: { outcome: "stopped" } });
  await time.advance(10_000);
  expect((await readPages(answer)).flat()).toEqual(events);
  // A second or late stop changes nothing.
  await stop(answer);
  expect((await readPages(answer)).flat()).toEqual(events);
});

test("the writing continues while nobody reads", async () => {
  const { hub, time, saved, ask, openPage } = await start();
  const answer = await ask("What is tea?");
  const { client, text } = openPage(answer);
  await time.advance(1_000);
  await take(text, 5);
  client.close();
  await expect.poll(() => hub.stats().connections, POLL).toBe(0);
  await time.advance(10_000);
  const read = await readAll(openPage(answer).text);
  expect(read).toEqual({ text: saved.get(answer.id), done: "done" });
});

test("an answer that cannot be saved ends for its readers, too", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => errors.mockRestore());
  const { time, ask, openPage } = await start({
    save: () => {
      throw new Error("The disk is full.");
    },
  });
  const reading = readAll(openPage(await ask("Tea?")).text);
  await time.advance(10_000);
  expect((await reading).done).toBe("aborted");
  expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "The disk is full." }));
});

test("a model that fails leaves nobody waiting", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => errors.mockRestore());
  const { ask, openPage } = await start({
    model: async function* () {
      yield "Tea ";
      throw new Error("The model is away.");
    },
  });
  const answer = await ask("What is tea?");
  expect(await readAll(openPage(answer).text)).toEqual({ text: "Tea ", done: "aborted" });
  expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "The model is away." }));
});

/** A model that says one word, and then nothing until it is stopped. */
const endlessModel: Model = async function* (_prompt, signal) {
  yield "Well, ";
  await once(signal, "abort");
};

/** Two servers on one file. */
async function startTwo() {
  const folder = await mkdtemp(join(tmpdir(), "tidings-tokens-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 3 }));
  const open = () => start({ log: sqliteLog(join(folder, "answers.db")), model: endlessModel });
  return [await open(), await open()] as const;
}

test("an answer is read and stopped at another server than the one that writes it", async () => {
  const [one, other] = await startTwo();
  const answer = await one.ask("What is tea?");
  const { text } = other.openPage(answer);
  expect((await text.next()).value).toBe("Well, ");
  await other.stop(answer);
  expect(await readAll(text)).toEqual({ text: "", done: "stopped" });
  expect(one.saved.get(answer.id)).toBe("Well, ");
});

test("an answer whose server is cut off from the log is ended by another one", { timeout: 60_000 }, async () => {
  const [one, other] = await startTwo();
  vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  const answer = await one.ask("What is tea?");
  const { text } = other.openPage(answer);
  expect((await text.next()).value).toBe("Well, ");
  await one.log.close();
  expect(await readAll(text)).toEqual({ text: "", done: "aborted" });
});
