import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { isPipelined, waitForSocket } from "./socket-queue.ts";

/** What happens to a response. */
interface ResponseWatch {
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** Settles when the response has its socket, or will never get it. */
  readonly socketFree: Promise<void>;
  /** Settles when the response is written, or its reader is gone. */
  readonly over: Promise<void>;
}

/** Watches one response until it is over. */
export function watchResponse(request: NodeRequest, response: NodeResponse): ResponseWatch {
  const gone = new AbortController();
  let settle = (): void => {};
  const over = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const leave = (): void => {
    gone.abort();
    settle();
  };
  response.once("finish", settle);
  response.once("close", leave);
  const socketFree = isPipelined(request, response)
    ? new Promise<void>((resolve) => {
        gone.signal.addEventListener("abort", () => resolve());
        waitForSocket(request, response, { leave, begin: resolve });
      })
    : Promise.resolve();
  return { signal: gone.signal, socketFree, over };
}
