/** One block of a stream, as it stood there. */
export interface ServerSentEvent {
  /** `message` where the block has no `event` field. */
  readonly event: string;
  readonly data: string;
  /** The block's own id; null where it has none, or one with NUL, which the standard ignores. */
  readonly id: string | null;
}

export interface ParserOptions {
  /** Called for every complete block that has data; the id of a block without is dropped with it. */
  readonly onEvent: (event: ServerSentEvent) => void;
  /** The `retry` field as soon as its line ends, in milliseconds, as it was sent: any size, even `Infinity`. */
  readonly onRetry?: (milliseconds: number) => void;
  /**
   * The bytes that one block may have, line ends not counted. A byte that is not UTF-8 counts as the three of the U+FFFD that
   * it becomes. @default 1 MiB
   */
  readonly maxEventBytes?: number;
}

export interface Parser {
  /**
   * Takes the next bytes of the stream, cut anywhere. What a callback throws comes out here, and the rest of the chunk is lost.
   * @throws RangeError when a block is longer than `maxEventBytes`; the parser is then of no more use
   */
  push(chunk: Uint8Array): void;
}

const LF = 10;
const DIGITS = /^\d+$/;

/** The most UTF-8 bytes that one UTF-16 unit stands for. */
const MAX_UNIT_BYTES = 3;

/** A decoder that is never told `stream`: Node 20 decodes ASCII 7 times as fast with it, other text half as fast. */
const WHOLE = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * An incremental parser of `text/event-stream`, after the WHATWG HTML standard, 9.2.6. Its cost is linear in the bytes, also
 * for one line that arrives in many chunks.
 */
export function createParser(options: ParserOptions): Parser {
  return new EventStreamParser(options);
}

class EventStreamParser implements Parser {
  readonly #onEvent: ParserOptions["onEvent"];
  readonly #onRetry: ParserOptions["onRetry"];
  readonly #maxEventBytes: number;
  /** Takes the BOM away, too: the first chunk is always decoded by it. */
  readonly #streaming = new TextDecoder();
  /** Whether the last chunk may have ended inside a character. */
  #split = false;
  /** Whether the text of the last chunk is known to be ASCII. */
  #ascii = false;
  /** Whether the last chunk ended with CR, so that an LF now is a part of that line end. */
  #skipLF = false;
  /** The pieces of an unfinished line; joined once, when its end arrives. */
  #pieces: string[] = [];
  #event = "";
  #data: string | null = null;
  #id: string | null = null;
  /** Bytes of the unfinished block, pieces included; 0 exactly at the start of a block. */
  #bytes = 0;

  constructor({ onEvent, onRetry, maxEventBytes = 1 << 20 }: ParserOptions) {
    this.#onEvent = onEvent;
    this.#onRetry = onRetry;
    this.#maxEventBytes = maxEventBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const text = this.#withLF(this.#decode(chunk));
    let start = 0;
    // One search of an ASCII chunk is cheaper than one of every id; in other text V8 is slow to find NUL.
    const hasNul = !this.#ascii || text.includes("\0");
    while (start < text.length) {
      const next = this.#bytes === 0 ? this.#block(text, start, hasNul) : -1;
      start = next === -1 ? this.#take(text, start, text.indexOf("\n", start)) : next;
    }
  }

  /**
   * The hot path: a whole block as Tidings writes it, `event`, `data`, perhaps `id`.
   * @param hasNul whether the text may have NUL in it
   * @returns where the next block starts, or -1 when this one is for {@link #line}
   */
  #block(text: string, start: number, hasNul: boolean): number {
    // Slices of a few characters: with `startsWith` at a position a block takes half as long again.
    if (text.slice(start, start + 7) !== "event: ") return -1;
    const eventEnd = text.indexOf("\n", start + 7);
    if (eventEnd === -1 || text.slice(eventEnd + 1, eventEnd + 7) !== "data: ") return -1;
    const dataEnd = text.indexOf("\n", eventEnd + 7);
    if (dataEnd === -1) return -1;
    let end = dataEnd;
    let id: string | null = null;
    if (text.charCodeAt(dataEnd + 1) !== LF) {
      if (text.slice(dataEnd + 1, dataEnd + 5) !== "id: ") return -1;
      end = text.indexOf("\n", dataEnd + 5);
      if (end === -1 || text.charCodeAt(end + 1) !== LF) return -1;
      id = text.slice(dataEnd + 5, end);
      if (hasNul && id.includes("\0")) return -1;
    }
    // What may be too long is counted exactly, line by line.
    if ((end - start) * MAX_UNIT_BYTES > this.#maxEventBytes) return -1;
    const event = eventEnd === start + 7 ? "message" : text.slice(start + 7, eventEnd);
    this.#onEvent({ event, data: text.slice(eventEnd + 7, dataEnd), id });
    return end + 2;
  }

  /** The text with LF at the end of all lines, whatever they had. */
  #withLF(text: string): string {
    const rest = this.#skipLF && text.startsWith("\n") ? text.slice(1) : text;
    this.#skipLF = text.endsWith("\r");
    return rest.includes("\r") ? rest.replaceAll(/\r\n?/g, "\n") : rest;
  }

  /**
   * Takes one line, or the piece of one that has not ended when `end` is -1.
   * @returns where the next starts
   */
  #take(text: string, start: number, end: number): number {
    const piece = end === -1 ? text.slice(start) : text.slice(start, end);
    this.#grow(piece);
    if (end === -1) {
      this.#pieces.push(piece);
      return text.length;
    }
    this.#line(piece);
    return end + 1;
  }

  #decode(chunk: Uint8Array): string {
    const inside = this.#split;
    this.#split = (chunk[chunk.length - 1] ?? 0) >= 0x80;
    const whole = !inside && !this.#split;
    // What the last chunk was, the next one will be: a wrong guess costs time and nothing else.
    const text = whole && this.#ascii ? WHOLE.decode(chunk) : this.#streaming.decode(chunk, { stream: true });
    // Every character above ASCII has more bytes than units; only an invalid byte, which becomes U+FFFD, has one of each.
    this.#ascii = whole && text.length === chunk.length && !text.includes("\uFFFD");
    return text;
  }

  #grow(piece: string): void {
    this.#bytes += this.#ascii ? piece.length : utf8Length(piece);
    if (this.#bytes > this.#maxEventBytes) {
      throw new RangeError(`Expected events of ${this.#maxEventBytes} bytes at most, got one that is longer.`);
    }
  }

  #line(last: string): void {
    let line = last;
    if (this.#pieces.length > 0) {
      line = this.#pieces.join("") + last;
      this.#pieces = [];
    }
    if (line === "") this.#dispatch();
    else if (line.startsWith("data: ")) this.#addData(line.slice(6));
    else this.#field(line);
  }

  /** Every line but the commonest. */
  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.#addData(value);
    else if (name === "event") this.#event = value;
    else if (name === "id") this.#id = value.includes("\0") ? this.#id : value;
    else if (name === "retry" && DIGITS.test(value)) this.#onRetry?.(Number(value));
  }

  #addData(value: string): void {
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
  }

  #dispatch(): void {
    const event = this.#event;
    const data = this.#data;
    const id = this.#id;
    this.#event = "";
    this.#data = null;
    this.#id = null;
    this.#bytes = 0;
    if (data !== null) this.#onEvent({ event: event === "" ? "message" : event, data, id });
  }
}

/** The UTF-8 bytes of a text without lone surrogates, which a decoder never gives. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate is one of two units that make four bytes together.
    if (unit >= 0x800) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}
