import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { OpenStream } from "./drive/open-stream.ts";
import type { EndRequest, OnEnd } from "./drive/outcome.ts";
import type { UrlOption } from "./drive/read-option.ts";

/** What a client gives to those who share its stream. */
export interface ShareNeeds {
  readonly clock: Pick<Clock, "now" | "setTimeout">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Milliseconds until a stream that does not begin is given up. */
  readonly connectTimeout: number;
  readonly url: UrlOption;
  /** A stream of this client alone. */
  readonly openStream: OpenStream;
  /** Begins a request for a page. No outcome is told before this returns, or after it was ended. */
  readonly requestPage: (request: EventRequest, onEnd: OnEnd<PageBody>) => EndRequest;
}

/** How a client asks for its streams. What it gets keeps PROTOCOL.md as a stream over HTTP does. */
export type Share = (needs: ShareNeeds) => OpenStream;

/** Each client has a stream of its own. */
export const alone: Share = ({ openStream }) => openStream;
