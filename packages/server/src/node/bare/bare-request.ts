import type { Socket } from "node:net";
import type { HubRequest } from "../../hub-options.ts";
import type { Head } from "./parse-head.ts";

/** What `authenticate` gets as `raw` for a stream that node:http has not seen. No middleware has seen it either. */
export interface BareRequest {
  /** Path and query. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The connection. Its `remoteAddress` is the address of the client, or of the proxy in front of the server. */
  readonly socket: Socket;
}

/** What the request knows of the client that reads the answer. */
interface AnswerReader {
  readonly isGone: boolean;
  readonly signal: AbortSignal;
  readonly written: Promise<void>;
}

/** A request on a bare socket, as the hub reads it. */
export class BareHubRequest implements HubRequest<BareRequest> {
  readonly method = "GET";
  readonly raw: BareRequest;
  readonly headers: HubRequest["headers"];
  readonly #reader: AnswerReader;

  constructor({ url, headers }: Head, socket: Socket, reader: AnswerReader) {
    this.raw = { url, headers, socket };
    this.headers = { get: (name) => headers.get(name.toLowerCase()) ?? null };
    this.#reader = reader;
  }

  get url(): string {
    return this.raw.url;
  }

  get isGone(): boolean {
    return this.#reader.isGone;
  }

  get signal(): AbortSignal {
    return this.#reader.signal;
  }

  get written(): Promise<void> {
    return this.#reader.written;
  }

  json(): Promise<unknown> {
    return Promise.reject(new TypeError("Expected a POST, got a GET, which has no body."));
  }
}
