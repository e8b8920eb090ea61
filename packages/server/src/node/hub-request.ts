import type { ComingBody, HubRequest } from "../hub-options.ts";
import { readJson } from "./body.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import type { ResponseWatch } from "./response-watch.ts";

/** What a request says about its host. The substitutes of serverless platforms may have no `rawHeaders`. */
type HostRequest = Pick<NodeRequest, "headers" | "url" | "originalUrl"> & { readonly rawHeaders?: readonly string[] };

/** The headers of a request of Node. */
class NodeHeaders {
  readonly #raw: NodeRequest;

  constructor(raw: NodeRequest) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    if (key === "host") return hostOf(this.#raw);
    const value = this.#raw.headers[key];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }
}

/**
 * The host that a front end goes by: HTTP/2 has a pseudo header for it, and in HTTP/1 a whole URL in place of a path
 * has one. Both come before a `Host` header, whatever that says (RFC 9112, 3.2.2). Of several `Host` headers Node shows
 * the first one only; together they are no host, so nobody answers to them.
 */
function hostOf({ headers, url = "/", originalUrl = url, rawHeaders = [] }: HostRequest): string | null {
  const authority = headers[":authority"];
  if (typeof authority === "string") return authority;
  if (/^https?:/i.test(originalUrl) && URL.canParse(originalUrl)) return new URL(originalUrl).host;
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && /^host$/i.test(rawHeaders[index - 1] ?? ""));
  return hosts.length > 1 ? hosts.join(", ") : (headers.host ?? null);
}

/** A request of Node as the hub reads it. */
export class NodeHubRequest<Raw extends NodeRequest> implements HubRequest<Raw> {
  readonly raw: Raw;
  readonly headers: NodeHeaders;
  readonly #response: NodeResponse;
  readonly #watch: ResponseWatch;

  constructor(raw: Raw, response: NodeResponse, watch: ResponseWatch) {
    this.raw = raw;
    this.headers = new NodeHeaders(raw);
    this.#response = response;
    this.#watch = watch;
  }

  get method(): string {
    return this.raw.method ?? "GET";
  }

  get url(): string {
    return this.raw.originalUrl ?? this.raw.url ?? "/";
  }

  get isGone(): boolean {
    return this.#watch.isGone;
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  get written(): Promise<void> {
    return this.#watch.over;
  }

  get session(): object | undefined {
    return "stream" in this.#response ? this.#response.stream.session : undefined;
  }

  async json(limit: number, coming: ComingBody): Promise<unknown> {
    // If the client has left, the request has said "close" already, and its body will never end.
    this.#watch.signal.throwIfAborted();
    return readJson(this.raw, limit, coming);
  }
}
