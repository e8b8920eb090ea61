import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient, type Fetch } from "@tidings/client";
import { systemClock } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { ai, readAnswer, startAnswers } from "./tokens.ts";
import { take } from "./test/take.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

interface Answer {
  readonly answerId: string;
  readonly after: string;
}

/**
 * Starts the server. The model writes 20 words for each character of the prompt, and takes 24 ms for a word on average.
 */
async function start(save = (_answerId: string, _text: string): void => {}) {
  const time = new VirtualClock();
  const saved = new Map<string, string>();
  const clock = { ...systemClock, now: time.now, setTimeout: time.setTimeout.bind(time) };
  const { hub, server } = startAnswers(
    0,
    (answerId, text) => {
      save(answerId, text);
      saved.set(answerId, text);
    },
    clock,
  );
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
  const stop = async ({ answerId }: Answer): Promise<void> => {
    expect((await fetch(`${url}/answers/${answerId}/stop`, { method: "POST" })).status).toBe(204);
  };
  /** Opens a page: a new client that reads from the first word. */
  const openPage = (answer: Answer, fetch: Fetch = globalThis.fetch) => {
    const client = createClient(ai, { url: `${url}/events`, fetch });
    onTestFinished(() => client.close());
    return { client, text: readAnswer(client, answer) };
  };
  /** Reads all events that exist now, in pages of at most 500. */
  const readPages = async ({ answerId, after }: Answer): Promise<Event[][]> => {
    const pages: Event[][] = [];
    let cursor = after;
    let hasMore = true;
    while (hasMore) {
      const headers = { accept: "application/json" };
      const response = await fetch(`${url}/events?channel=answers/${answerId}&after=${cursor}`, { headers });
      const page = (await response.json()) as { events: Event[]; cursor: string; more: boolean };
      pages.push(page.events);
      cursor = page.cursor;
      hasMore = page.more;
    }
    return pages;
  };
  return { hub, time, saved, ask, stop, openPage, readPages };
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

  const text = saved.get(answer.answerId) ?? "";
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
  const whole = saved.get(answer.answerId) ?? "";
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
  expect(text).toBe(saved.get(answer.answerId));
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
  expect(read).toEqual({ text: saved.get(answer.answerId), done: "done" });
});

test("an answer that cannot be saved ends for its readers, too", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => errors.mockRestore());
  const { time, ask, openPage } = await start(() => {
    throw new Error("The disk is full.");
  });
  const reading = readAll(openPage(await ask("Tea?")).text);
  await time.advance(10_000);
  expect((await reading).done).toBe("aborted");
  expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "The disk is full." }));
});
