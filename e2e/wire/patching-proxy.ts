import { createServer, request as requestUpstream, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { listen } from "../listen.ts";

/** A request on its way to the good server. A patch changes its query and headers in place. */
interface ProxiedRequest {
  readonly method: string;
  /** As it arrived. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What the proxy changes, on the way to the good server and back. A part that is missing changes nothing. */
export interface Patch {
  readonly request?: (request: ProxiedRequest) => void;
  /** A status instead of the good one; undefined for the good one. */
  readonly status?: (request: ProxiedRequest) => number | undefined;
  readonly head?: (head: Head) => Head;
  /** Changes one block of a stream, with its blank line. The empty string leaves it out. */
  readonly block?: (block: string) => string;
  /** Changes the body of an answer that is no stream. */
  readonly body?: (text: string, head: Head) => string;
}

/** Opens a proxy in front of a good server. By its patch it behaves like a bad one. */
export async function openPatchingProxy(target: string, patch: Patch) {
  // More than the default, so that the good server is the one that refuses heads that are too long.
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const { pathname, searchParams: query } = new URL(url, target);
    const proxied = { method, url, query, headers };
    patch.request?.(proxied);
    const upstream = requestUpstream(`${new URL(pathname, target)}?${query}`, { method, headers, agent: false });
    request.pipe(upstream);
    // Each side is closed with the other one.
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    upstream.on("response", (answer) => void forward(answer));

    async function forward(answer: IncomingMessage): Promise<void> {
      const { "transfer-encoding": _, "content-length": _length, ...rest } = answer.headers;
      // Of the headers that remain, each has one value.
      const good = { status: answer.statusCode ?? 0, headers: rest as Head["headers"] };
      const patched = patch.head?.(good) ?? good;
      for (const [name, value] of Object.entries(patched.headers)) {
        if (value !== undefined) response.setHeader(name, value);
      }
      response.statusCode = patch.status?.(proxied) ?? patched.status;
      response.flushHeaders();
      const isStream = good.headers["content-type"] === "text/event-stream";
      const change = (text: string): string => (isStream ? patch.block?.(text) : patch.body?.(text, good)) ?? text;
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
  const { port, close } = await listen(server);
  return { url: `http://127.0.0.1:${port}${new URL(target).pathname}`, close };
}
