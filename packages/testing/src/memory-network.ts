import type { Fetch } from "@tidings/client";
import type { HubRequest, HubResponse } from "@tidings/server";
import { Exchange } from "./exchange.ts";

/** Answers requests when they arrive; null while no server is running. */
export type Listener = ((request: HubRequest, exchange: Exchange) => Promise<HubResponse>) | null;

/** The network between clients and a hub: clients send requests with `fetch`, and `listener` answers them. */
export class MemoryNetwork {
  /** Requests and streams that have not ended, oldest first. */
  readonly open = new Set<Exchange>();
  /** Answers every request. */
  listener: Listener = null;
  /** Called with every exchange before it begins. */
  onOpen: (exchange: Exchange) => void = () => {};
  /** Called when both ends of an exchange know that it has ended. */
  onClose: (exchange: Exchange) => void = () => {};

  /** The `fetch` option of a client. */
  readonly fetch: Fetch = async (url, init) => {
    const { listener } = this;
    if (listener === null) throw new TypeError("fetch failed");
    // As with every fetch, an aborted request is not sent.
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
