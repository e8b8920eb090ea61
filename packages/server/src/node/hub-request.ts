import type { HubRequest } from "../hub-options.ts";
import { readJson } from "./body.ts";
import type { NodeRequest } from "./exchange.ts";

/** What the hub learns about the way of the answer. */
type AnswerWay = Pick<HubRequest, "signal" | "session" | "written" | "hasForeignCors">;

/** A request of Node as the hub reads it. */
export function toHubRequest<Raw extends NodeRequest>(raw: Raw, way: AnswerWay): HubRequest<Raw> {
  return {
    method: raw.method ?? "GET",
    url: raw.originalUrl ?? raw.url ?? "/",
    headers: {
      get(name) {
        const key = name.toLowerCase();
        // HTTP/2 has a pseudo header instead of "host".
        const value = raw.headers[key] ?? (key === "host" ? raw.headers[":authority"] : undefined);
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
    },
    async json(limit, coming) {
      // If the client has left, the request has said "close" already, and its body will never end.
      way.signal.throwIfAborted();
      return readJson(raw, limit, coming);
    },
    raw,
    ...way,
  };
}
