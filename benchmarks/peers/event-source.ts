import { EventSource } from "eventsource";
import type { Message, ReaderHandlers } from "./peer.ts";

/** Reads with an EventSource, as in a browser, for the libraries without a client of their own. */
export function readEventSource(url: string, handlers: ReaderHandlers): () => void {
  const source = new EventSource(`${url}/events`);
  // Safe: the server of the same peer has written the JSON of a message.
  source.addEventListener("message", ({ data }) => handlers.onMessage(JSON.parse(data as string) as Message));
  source.addEventListener("error", () => {
    if (source.readyState === source.CLOSED) handlers.onNotice("closed");
  });
  return () => source.close();
}
