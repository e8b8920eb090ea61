// The same stream without streaming, for networks whose proxies swallow streams: a page at a time, each held back until there
// is an event. The positions are those of the stream, so a reader changes from one to the other at any event.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

export const board = defineContract({ notes: channel("notes", { note: z.object({ text: z.string() }) }) });

export function startBoard(port: number) {
  const hub = createHub(board, { log: memoryLog(), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");
  return { hub, server };
}

/** A proxy as some companies have one: it hands an answer on when it has all of it, and a stream never ends. */
export function startProxy(port: number, upstream: string) {
  const handOn = async ({ url, headers: { accept = "*/*" } }: IncomingMessage, response: ServerResponse) => {
    const answer = await fetch(`${upstream}${url}`, { headers: { accept } });
    const body = await answer.text();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(body);
  };
  return createServer((...exchange) => void handOn(...exchange).catch(console.error)).listen(port, "127.0.0.1");
}

interface Page {
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: { readonly text: string } }[];
  readonly cursor: string;
  readonly gap?: { readonly channels: Readonly<Record<string, string>> };
}

/** The client, in any language. @param after the id of the last event that was seen; empty: from now on */
export async function* poll(url: string, after = "") {
  for (let cursor = after; ;) {
    const from = cursor === "" ? "" : `&after=${cursor}`;
    const response = await fetch(`${url}?channel=notes&wait=25${from}`, { headers: { accept: "application/json" } });
    if (!response.ok)
      throw new Error(`Expected a page, got status ${response.status}; wait, and go on after ${cursor}.`);
    // PROTOCOL.md, section 6, says what is in a page.
    const { events, cursor: next, gap } = (await response.json()) as Page;
    if (gap !== undefined) console.warn("Some notes are gone", gap);
    yield* events;
    cursor = next;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { hub } = startBoard(Number(port));
  const proxy = `http://127.0.0.1:${Number(port) + 1}`;
  startProxy(Number(port) + 1, `http://127.0.0.1:${port}`);
  setInterval(() => void hub.publish(board.notes(), "note", { text: new Date().toISOString() }), 2_000);
  console.log(`A stream does not come through the proxy:\n  curl -N '${proxy}/events?channel=notes'\nPages do:`);
  for await (const { data } of poll(`${proxy}/events`)) console.log(data.text);
}
