// The whole server is one function from Request to Response. Other runtimes and frameworks use such a function:
//   Deno     Deno.serve(handle)
//   Bun      Bun.serve({ fetch: handle, idleTimeout: 30 })
//   Hono     app.all("/events", (context) => handle(context.req.raw))
//   Next.js  export { handle as GET, handle as POST, … }    in app/events/route.ts
//
// Bun needs the longer timeout: by default it closes a connection that is silent for 10 s, and heartbeats come every
// 15 s. On workers the hub lives in a Durable Object: see docs/examples.md. On Node use `toNodeHandler`; the function
// `serve` below exists only to run this example there.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { fileURLToPath } from "node:url";
import { channel, ContractError, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { z } from "zod";

const hall = defineContract({ greetings: channel("greetings", { greeting: z.object({ text: z.string().min(1) }) }) });

/** The hub, and the whole server as one function. */
export function createApp() {
  const hub = createHub(hall, { log: memoryLog(), authorize: () => true });
  const events = toFetchHandler(hub);

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/events") return events(request);
    const isGreeting = pathname === "/greetings" && request.method === "POST";
    if (!isGreeting) return new Response(null, { status: 404 });
    try {
      const { id } = await hub.publish(hall.greetings(), "greeting", { text: await request.text() });
      return new Response(`${id}\n`, { status: 201 });
    } catch (error) {
      // The sender's data does not fit the contract. The message says what is wrong.
      if (error instanceof ContractError) return new Response(`${error.message}\n`, { status: 400 });
      throw error;
    }
  }
  return { hub, handle };
}

/** Runs such a function as a server of node:http. */
export function serve(port: number, handle: (request: Request) => Promise<Response>) {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = incoming;
    const hasBody = method !== "GET" && method !== "HEAD";
    const body = hasBody ? { body: Readable.toWeb(incoming), duplex: "half" } : {};
    const requestHeaders = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]);
    // Safe: Node allows a stream as a body, but the DOM types do not have `duplex` yet.
    const init = { method, headers: requestHeaders, ...body } as RequestInit;
    const response = await handle(new Request(new URL(url, "http://localhost"), init));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) {
      outgoing.end();
    } else {
      // When the reader leaves, `pipeline` cancels the body, and the hub's connection ends.
      // Safe: it is the same class in the DOM types and in Node's types.
      await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
    }
  };
  return createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(port, "127.0.0.1");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  serve(Number(port), createApp().handle);
  const url = `http://127.0.0.1:${port}`;
  console.log(`curl -N '${url}/events?channel=greetings&last=10'\ncurl -d hello ${url}/greetings`);
}
