import { once } from "node:events";
import { createServer, request as ask, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A question on its way to the good server; a patch changes it in place. */
interface Question {
  readonly method: string;
  /** As it came. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What is changed on the way, each part where there is something to change. */
export interface Patch {
  readonly ask?: (question: Question) => void;
  /** The status instead of the good one, if it is another. */
  readonly refuses?: (question: Question) => number | undefined;
  readonly head?: (head: Head) => Head;
  /** Changes one block of a stream, its blank line included; the empty text leaves it out. */
  readonly block?: (block: string) => string;
  /** Changes the body of what is no stream. */
  readonly body?: (text: string, head: Head) => string;
}

/** Stands before a good server and makes it a bad one. */
export async function openPatched(target: string, patch: Patch) {
  // The good server refuses heads that are too long.
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const { pathname, searchParams: query } = new URL(url, target);
    const question = { method, url, query, headers };
    patch.ask?.(question);
    const upstream = ask(`${new URL(pathname, target)}?${query}`, { method, headers, agent: false });
    request.pipe(upstream);
    // A reader that leaves takes its question along.
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    upstream.on("response", (answer) => void pass(answer));

    async function pass(answer: IncomingMessage): Promise<void> {
      const { "transfer-encoding": _, "content-length": _length, ...rest } = answer.headers;
      const good = { status: answer.statusCode ?? 0, headers: rest as Head["headers"] };
      const { status, headers: told } = patch.head?.(good) ?? good;
      for (const [name, value] of Object.entries(told)) if (value !== undefined) response.setHeader(name, value);
      response.statusCode = patch.refuses?.(question) ?? status;
      response.flushHeaders();
      const isStream = good.headers["content-type"] === "text/event-stream";
      const change = isStream ? (patch.block ?? same) : (text: string) => patch.body?.(text, good) ?? text;
      let text = "";
      try {
        for await (const chunk of answer.setEncoding("utf8")) {
          text += String(chunk);
          for (let end = text.indexOf("\n\n"); isStream && end !== -1; end = text.indexOf("\n\n")) {
            response.write(change(text.slice(0, end + 2)));
            text = text.slice(end + 2);
          }
        }
        response.end(change(text));
      } catch {
        response.destroy();
      }
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}${new URL(target).pathname}`, close };
}

function same(text: string): string {
  return text;
}
