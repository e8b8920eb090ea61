import type { ComingBody, HubRequest } from "../hub-options.ts";
import { readJson } from "./body.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import type { ResponseWatch } from "./response-watch.ts";

/** The headers of a request of Node. */
class NodeHeaders {
  readonly #raw: NodeRequest;

  constructor(raw: NodeRequest) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    const { headers } = this.#raw;
    const key = name.toLowerCase();
    // HTTP/2 has a pseudo header instead of "host". If a client sends both, a front end goes by the pseudo header.
    const value = (key === "host" ? headers[":authority"] : undefined) ?? headers[key];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }
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
