import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { OpenStream } from "./drive/open-stream.ts";

/** What a client gives to those who share its stream. */
export interface ShareNeeds {
  readonly clock: Pick<Clock, "now" | "setTimeout">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Milliseconds until a stream that does not begin is given up. */
  readonly connectTimeout: number;
  /** The hub's resource, without query. Streams of different hubs are never shared. @throws Failure */
  readonly hub: () => Promise<string>;
  /** A stream of this client alone. */
  readonly openStream: OpenStream;
  /** @throws Failure; the signal's reason when it has aborted */
  readonly loadPage: (request: EventRequest, signal: AbortSignal) => Promise<PageBody>;
}

/** How a client asks for its streams. What it gets keeps PROTOCOL.md as a stream over HTTP does. */
export type Share = (needs: ShareNeeds) => OpenStream;

/** Each client has a stream of its own. */
export const alone: Share = ({ openStream }) => openStream;
