import { once } from "node:events";
import { request as ask, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import type { WireFacts } from "./server.ts";

/** A request, as far as it is not the plain GET. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The head of an answer, and its body as it arrives. */
export interface Reply {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Breaks the connection. */
  readonly cut: () => void;
}

/** Asks one thing over a connection of its own, of which nothing is shared, compressed or followed. */
type Transport = (url: string, question: Question) => Promise<Reply>;

export const transports: Readonly<Record<WireFacts["http"], Transport>> = {
  async 1(url, { method = "GET", headers = {}, body }) {
    const request = ask(url, { method, headers, agent: false });
    request.end(body);
    // The one argument of "response".
    const [response] = (await once(request, "response")) as [IncomingMessage];
    // Whatever breaks from here on, the body tells.
    request.on("error", () => {});
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: response,
      cut: () => void response.destroy(),
    };
  },
  async 2(url, { method = "GET", headers = {}, body }) {
    const { origin, pathname, search } = new URL(url);
    const session = connect(origin);
    session.on("error", () => {});
    const stream = session.request({ ...headers, ":method": method, ":path": pathname + search });
    stream.end(body);
    // The first argument of "response".
    const [head] = (await once(stream, "response")) as [Readonly<Record<string, unknown>>];
    stream.on("error", () => {});
    return { status: Number(head[":status"]), headers: head, body: stream, cut: () => session.destroy() };
  },
};
