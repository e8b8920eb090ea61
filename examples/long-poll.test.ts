import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { board, poll, startBoard, startProxy } from "./long-poll.ts";
import { take } from "./test/take.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

interface Note {
  readonly id: string;
  readonly data: { readonly text: string };
}

async function urlOf(server: Server): Promise<string> {
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
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
  /** Publishes "note <first>" to "note <last>", and returns the id of the last one. */
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

/** Yields the same notes as `poll`, but reads them from the stream. */
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

function textsOf(taken: readonly Note[]): string[] {
  return taken.map(({ data }) => data.text);
}

test("pages bring every note once and in order through a proxy that holds the stream back", async () => {
  const { hub, proxied, write } = await start();
  const after = await write(1, 1);
  let isAnswered = false;
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const openStream = async (): Promise<void> => {
    await fetch(`${proxied}?channel=notes&after=${after}`, { signal: leaving.signal });
    isAnswered = true;
  };
  openStream().catch(() => {});
  await expect.poll(() => hub.stats().connections, POLL).toBe(1);

  const reader = poll(proxied, after);
  const waiting = take(reader, 3);
  await write(2, 4);
  const taken = await waiting;
  // These are published while nobody asks, and they are more than one page holds.
  await write(5, 700);
  taken.push(...(await take(reader, 696)));
  expect(textsOf(taken)).toEqual(notes(2, 700));
  expect(isAnswered).toBe(false);
});

test("the answer to a reader that has seen everything waits until there is a note", async () => {
  const { hub, direct, write } = await start();
  const reader = poll(direct, await write(1, 1));
  let isAnswered = false;
  const next = reader.next().finally(() => {
    isAnswered = true;
  });
  // The page that waits follows the channel.
  await expect.poll(() => hub.stats().channels, POLL).toBe(1);
  expect(isAnswered).toBe(false);
  await write(2, 2);
  expect((await next).value).toMatchObject({ data: { text: "note 2" } });
});

test("a change from stream to pages and back loses nothing and repeats nothing", async () => {
  const { direct, proxied, write } = await start();
  let after = await write(1, 1);
  const received: Note[] = [];
  for (const [index, read] of [stream, poll, stream, poll].entries()) {
    const first = 2 + index * 6;
    // Three notes are written before the reader starts, and three while it reads. It takes four; the next reader takes
    // the rest.
    await write(first, first + 2);
    const reader = read(read === poll ? proxied : direct, after);
    received.push(...(await take(reader, 1)));
    await write(first + 3, first + 5);
    received.push(...(await take(reader, 3)));
    await reader.return();
    after = received.at(-1)?.id ?? "";
  }
  received.push(...(await take(stream(direct, after), 8)));
  expect(textsOf(received)).toEqual(notes(2, 25));
});
