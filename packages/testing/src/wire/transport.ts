import { once } from "node:events";
import { request as openRequest, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import type { WireFacts } from "./server.ts";

/** The options of a request. @default a GET without own headers and without a body */
export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The status and headers of an answer, and its body as it arrives. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Breaks the connection. */
  readonly cut: () => void;
}

/** Sends one request over a new connection, without compression and without following redirects. */
type SendRequest = (url: string, options: RequestOptions) => Promise<RawResponse>;

export const transports: Readonly<Record<WireFacts["http"], SendRequest>> = {
  async 1(url, { method = "GET", headers = {}, body }) {
    const request = openRequest(url, { method, headers, agent: false });
    request.end(body);
    // "response" has one argument.
    const [response] = (await once(request, "response")) as [IncomingMessage];
    // The body reports every later error.
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
    // The first argument of "response" holds the headers.
    const [head] = (await once(stream, "response")) as [Readonly<Record<string, unknown>>];
    stream.on("error", () => {});
    return { status: Number(head[":status"]), headers: head, body: stream, cut: () => session.destroy() };
  },
};
