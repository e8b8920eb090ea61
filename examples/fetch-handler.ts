// The whole server is a plain function from Request to Response, which is what other runtimes and frameworks ask for:
//   Deno     Deno.serve(handle)
//   Bun      Bun.serve({ fetch: handle, idleTimeout: 120 })    it cuts what is silent for 10 s, heartbeats are 15 s apart
//   Hono     app.all("/events", (context) => handle(context.req.raw))
//   Next.js  export { handle as GET, handle as POST }       in app/events/route.ts
// Workers keep it in a Durable Object: see docs/examples.md. On Node there is toNodeHandler; the bridge below only runs this example there.
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

export function createApp() {
  const hub = createHub(hall, { log: memoryLog(), authorize: () => true });
  const events = toFetchHandler(hub);

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/events") return events(request);
    if (pathname !== "/greetings" || request.method !== "POST") return new Response(null, { status: 404 });
    try {
      const { id } = await hub.publish(hall.greetings(), "greeting", { text: await request.text() });
      return new Response(`${id}\n`, { status: 201 });
    } catch (error) {
      // What the contract refuses of a sender's data is the sender's mistake.
      if (error instanceof ContractError) return new Response(`${error.message}\n`, { status: 400 });
      throw error;
    }
  }
  return { hub, handle };
}

/** A server of node:http around such a function. */
export function serve(port: number, handle: (request: Request) => Promise<Response>) {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = incoming;
    const body = ["GET", "HEAD"].includes(method) ? {} : { body: Readable.toWeb(incoming), duplex: "half" };
    const sent = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]);
    // The types of the DOM do not know yet that a request may stream.
    const init = { method, headers: sent, ...body } as RequestInit;
    const response = await handle(new Request(new URL(url, "http://localhost"), init));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // When the reader leaves, the body is cancelled, and the hub's connection ends.
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
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
