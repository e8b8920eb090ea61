import type { Fetch } from "@tidings/client";
import type { HubRequest } from "@tidings/server";

type Init = Parameters<Fetch>[1];

/** A request, as the hub sees it. */
export class ArrivedRequest implements HubRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** There is no framework. */
  readonly raw = null;
  readonly #body: Init["body"];
  readonly #getSignal: () => AbortSignal;

  constructor({ method = "GET", body }: Init, url: string, headers: Headers, getSignal: () => AbortSignal) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.#body = body;
    this.#getSignal = getSignal;
  }

  /** Created on demand, since few requests need it. */
  get signal(): AbortSignal {
    return this.#getSignal();
  }

  async json(): Promise<unknown> {
    // The client only sends text.
    return JSON.parse(this.#body as string) as unknown;
  }
}
