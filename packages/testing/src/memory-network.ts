import type { Fetch } from "@tidings/client";
import type { HubRequest, HubResponse } from "@tidings/server";
import { Exchange } from "./exchange.ts";

/** What answers requests when they arrive; null while nobody listens. */
export type Listener = ((request: HubRequest, exchange: Exchange) => Promise<HubResponse>) | null;

/** The network between clients and hub: a `fetch` for the ones, a `handle` of the other, and every connection between them. */
export class MemoryNetwork {
  /** Requests and streams that are not over, oldest first. */
  readonly open = new Set<Exchange>();
  /** Where requests go. */
  listener: Listener = null;
  /** Called with every exchange before it begins. */
  onOpen: (exchange: Exchange) => void = () => {};
  /** Called when both ends of an exchange know that it is over. */
  onClose: (exchange: Exchange) => void = () => {};

  /** The `fetch` option of a client. */
  readonly fetch: Fetch = async (url, init) => {
    const { listener } = this;
    if (listener === null) throw new TypeError("fetch failed");
    // Who has left already sends nothing.
    init.signal?.throwIfAborted();
    const exchange = new Exchange(url.replace(/^\w+:\/\/[^/]*/, ""), init, (request) => listener(request, exchange));
    this.open.add(exchange);
    const onClosed = (): void => {
      if (this.open.delete(exchange)) this.onClose(exchange);
    };
    exchange.onClosed = onClosed;
    this.onOpen(exchange);
    exchange.begin();
    return exchange.response;
  };
}
