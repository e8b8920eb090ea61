import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { board, poll, startBoard, startProxy } from "./long-poll.ts";

/** How long a fact may take on a real socket, in milliseconds; it takes some. */
const PATIENCE = { timeout: 10_000 };

interface Note {
  readonly id: string;
  readonly data: { readonly text: string };
}

async function urlOf(server: Server): Promise<string> {
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start() {
  const { hub, server } = startBoard(0);
  const direct = await urlOf(server);
  const proxy = startProxy(0, direct);
  onTestFinished(async () => {
    await hub.close();
    for (const each of [server, proxy]) each.close();
  });
  /** Writes "note <first>" to "note <last>" and returns the last one's id. */
  const write = async (first: number, last: number): Promise<string> => {
    let id = "";
    for (const text of notes(first, last)) ({ id } = await hub.publish(board.notes(), "note", { text }));
    return id;
  };
  return { hub, write, direct: `${direct}/events`, proxied: `${await urlOf(proxy)}/events` };
}

function notes(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `note ${first + index}`);
}

/** The same as `poll`, from the stream. */
async function* stream(url: string, after: string): AsyncGenerator<Note, void> {
  const response = await fetch(`${url}?channel=notes&after=${after}`);
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, data, id] = /^event: notes:note\ndata: (.+)\nid: (.+)$/m.exec(block) ?? [];
      if (data !== undefined && id !== undefined) yield { id, data: JSON.parse(data) as Note["data"] };
    }
  }
}

/** The next so many; the reader is left where it stands. */
async function take(reader: AsyncIterator<Note, void>, count: number): Promise<Note[]> {
  const taken: Note[] = [];
  while (taken.length < count) {
    const { done, value } = await reader.next();
    if (done === true) throw new Error(`Expected ${count} notes, got the end after ${taken.length}.`);
    taken.push(value);
  }
  return taken;
}

function textsOf(taken: readonly Note[]): string[] {
  return taken.map(({ data }) => data.text);
}

test("pages bring every note once and in order through a proxy that swallows the stream", async () => {
  const { hub, proxied, write } = await start();
  const after = await write(1, 1);
  let isAnswered = false;
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  fetch(`${proxied}?channel=notes&after=${after}`, { signal: gone.signal }).then(
    () => (isAnswered = true),
    () => {},
  );
  await expect.poll(() => hub.stats().connections, PATIENCE).toBe(1);

  const reader = poll(proxied, after);
  const waiting = take(reader, 3);
  await write(2, 4);
  const taken = await waiting;
  // While nobody asks, and more than a page holds.
  await write(5, 700);
  taken.push(...(await take(reader, 696)));
  expect(textsOf(taken)).toEqual(notes(2, 700));
  expect(isAnswered).toBe(false);
});

test("a reader that has seen everything is held until there is a note", async () => {
  const { hub, direct, write } = await start();
  const reader = poll(direct, await write(1, 1));
  let isAnswered = false;
  const next = reader.next().finally(() => (isAnswered = true));
  // Followed by the page that waits.
  await expect.poll(() => hub.stats().channels, PATIENCE).toBe(1);
  expect(isAnswered).toBe(false);
  await write(2, 2);
  expect((await next).value).toMatchObject({ data: { text: "note 2" } });
});

test("changing from stream to pages and back at the same position loses and repeats nothing", async () => {
  const { direct, proxied, write } = await start();
  let after = await write(1, 1);
  const told: Note[] = [];
  for (const [index, read] of [stream, poll, stream, poll].entries()) {
    const first = 2 + index * 6;
    // Three are written before the reader is there and three while it is; it takes four, and leaves the others to the next one.
    await write(first, first + 2);
    const reader = read(read === poll ? proxied : direct, after);
    told.push(...(await take(reader, 1)));
    await write(first + 3, first + 5);
    told.push(...(await take(reader, 3)));
    await reader.return();
    after = told.at(-1)?.id ?? "";
  }
  told.push(...(await take(stream(direct, after), 8)));
  expect(textsOf(told)).toEqual(notes(2, 25));
});
