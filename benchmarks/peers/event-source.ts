import { EventSource } from "eventsource";
import type { Ear, Message } from "./peer.ts";

/** The reader of the libraries that have no client of their own: what a browser has. */
export function readEventSource(url: string, ear: Ear): () => void {
  const source = new EventSource(`${url}/events`);
  // The server of the same peer wrote it.
  source.addEventListener("message", ({ data }) => ear.message(JSON.parse(data as string) as Message));
  source.addEventListener("error", () => {
    if (source.readyState === source.CLOSED) ear.told("closed");
  });
  return () => source.close();
}
