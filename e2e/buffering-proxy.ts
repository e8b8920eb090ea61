import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "./listen.ts";

/** An HTTP proxy that can keep every answer back until it has all of it. */
export interface BufferingProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Whether it keeps back what comes from now on, also of answers that have begun. */
  isBuffering: boolean;
  /** How many streams were asked for, and how many pages. */
  readonly streams: number;
  readonly pages: number;
  close(): void;
}

/** Starts a proxy to a port on 127.0.0.1. */
export async function createBufferingProxy(target: number): Promise<BufferingProxy> {
  const counts = { streams: 0, pages: 0 };
  const proxy = { isBuffering: false };

  function pass(answer: IncomingMessage, response: ServerResponse): void {
    const kept: Buffer[] = [];
    const open = () => {
      if (!response.headersSent) response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
    };
    if (!proxy.isBuffering) open();
    answer.on("data", (chunk: Buffer) => {
      if (proxy.isBuffering) kept.push(chunk);
      else response.write(chunk);
    });
    answer.on("end", () => {
      open();
      response.end(Buffer.concat(kept));
    });
    answer.on("error", () => response.destroy());
  }

  const { port, close } = await listen(
    createServer((request, response) => {
      const { method, url, headers } = request;
      counts[headers.accept === "text/event-stream" ? "streams" : "pages"]++;
      const upstream = ask({ host: "127.0.0.1", port: target, method, path: url, headers }, (answer) =>
        pass(answer, response),
      );
      upstream.on("error", () => response.destroy());
      response.on("close", () => upstream.destroy());
      request.pipe(upstream);
    }),
  );
  return Object.defineProperties(proxy as BufferingProxy, {
    port: { value: port },
    close: { value: close },
    streams: { get: () => counts.streams },
    pages: { get: () => counts.pages },
  });
}
