// Long polling: the same events without a stream, for networks with a proxy that holds streams back. The client asks
// for one page after the other, and the server holds each answer until there is an event. Pages and streams have the
// same cursors, so a reader can change from one to the other at any event.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

export const board = defineContract({ notes: channel("notes", { note: z.object({ text: z.string() }) }) });

/** The server. */
export function startBoard(port: number) {
  const hub = createHub(board, { log: memoryLog(), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");
  return { hub, server };
}

/** A proxy like those of some companies: it forwards an answer only when it is complete, and a stream never is. */
export function startProxy(port: number, upstream: string) {
  const forward = async ({ url, headers: { accept = "*/*" } }: IncomingMessage, response: ServerResponse) => {
    const answer = await fetch(`${upstream}${url}`, { headers: { accept } });
    const body = await answer.text();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(body);
  };
  return createServer((request, response) => {
    forward(request, response).catch(console.error);
  }).listen(port, "127.0.0.1");
}

interface Page {
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: { readonly text: string } }[];
  readonly cursor: string;
  readonly gap?: { readonly channels: Readonly<Record<string, string>> };
}

/**
 * The client; it is the same in any language.
 * @param after the id of the last event that was seen; empty to start now
 */
export async function* poll(url: string, after = "") {
  let cursor = after;
  for (;;) {
    const position = cursor === "" ? "" : `&after=${cursor}`;
    const headers = { accept: "application/json" };
    const response = await fetch(`${url}?channel=notes&wait=25${position}`, { headers });
    if (!response.ok) {
      throw new Error(`Expected a page, got status ${response.status}; wait, and continue after "${cursor}".`);
    }
    // Safe: section 6 of PROTOCOL.md defines the page.
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
  console.log(`A stream does not get through the proxy:\n  curl -N '${proxy}/events?channel=notes'\nPages do:`);
  for await (const { data } of poll(`${proxy}/events`)) console.log(data.text);
}
