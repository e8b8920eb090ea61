import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** A request as Express and Connect pass it on: they change `url` under a mount point, and may have read the body. */
export type NodeRequest = (IncomingMessage | Http2ServerRequest) & {
  readonly originalUrl?: string;
  readonly body?: unknown;
};

/** A response that a compressing middleware may have wrapped. */
export type NodeResponse = (ServerResponse | Http2ServerResponse) & { flush?(): void };
