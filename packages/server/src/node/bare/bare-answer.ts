import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HubResponse, StreamResponse, WholeResponse } from "../../request/response.ts";
import type { Sink, StreamControl } from "../../wire/sink.ts";
import { destroyUnread } from "../destroy-unread.ts";

const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** The answer to one request on a bare socket. It is the last one: then the socket is closed. */
export class BareAnswer implements Sink {
  readonly #socket: Socket;
  #stream: StreamControl | null = null;
  #gone: AbortController | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("close", () => this.#leave());
  }

  get isGone(): boolean {
    return this.#socket.destroyed;
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.isGone) this.#gone.abort();
    return this.#gone.signal;
  }

  /** Settles when the answer is written, or its reader is gone. Streams do without it. */
  get written(): Promise<void> {
    if (this.isGone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once("finish", resolve);
      this.#socket.once("close", resolve);
    });
  }

  send(answer: HubResponse): void {
    if (this.isGone) return;
    if ("open" in answer) this.#sendStream(answer);
    else this.#sendWhole(answer);
  }

  write(_bytes: Uint8Array, framed: Uint8Array): boolean {
    return this.#socket.write(framed);
  }

  end(): void {
    this.#socket.write(LAST_CHUNK);
    this.#socket.destroySoon();
    destroyUnread(this.#socket);
  }

  #sendStream(answer: StreamResponse): void {
    // The head and the first chunk go together.
    this.#socket.cork();
    this.#socket.write(headOf(answer, "transfer-encoding: chunked"), "latin1");
    const stream = answer.open(this);
    this.#stream = stream;
    this.#socket.uncork();
    this.#socket.on("drain", () => stream.drained());
  }

  /** A refusal: a page is never asked for here. */
  #sendWhole(answer: WholeResponse): void {
    const body = Buffer.from(answer.body);
    answer.unread?.begin(() => this.#socket.destroy());
    answer.unread?.noteProgress(body.length);
    this.#socket.write(headOf(answer, `content-length: ${body.length}`), "latin1");
    this.#socket.write(body);
    this.#socket.destroySoon();
  }

  #leave(): void {
    this.#gone?.abort();
    this.#stream?.closed();
  }
}

/** The head of an answer. All values are of the hub, except for an origin, which has come as visible ASCII. */
function headOf({ status, headers }: HubResponse, framing: string): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  return `${head}connection: close\r\ndate: ${dateHeader()}\r\n${framing}\r\n\r\n`;
}

let dateSecond = 0;
let date = "";

/** The same text for all answers of a second. */
function dateHeader(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}
