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

const LINE = /^([^:]*)(?:: ?(.*))?$/s;
const DIGITS = /^\d+$/;

/** The most UTF-8 bytes that one UTF-16 unit stands for. */
const MAX_UNIT_BYTES = 3;

/**
 * An incremental parser of `text/event-stream`, after the WHATWG HTML standard, 9.2.6. Its cost is linear in the bytes, also
 * for one line that arrives in many chunks.
 */
export function createParser({ onEvent, onRetry, maxEventBytes = 1 << 20 }: ParserOptions): Parser {
  /** Takes the BOM away, too. */
  const decoder = new TextDecoder();
  /** What is not read yet begins at `at`. */
  let text = "";
  let at = 0;
  /** Whether the last chunk ended with CR, so that an LF now is a part of that line end. */
  let skipsLF = false;
  /** An unfinished line: engines join its pieces once, when they are read. */
  let unfinished = "";
  let event: string | null = null;
  let data: string | null = null;
  let id: string | null = null;
  /** Bytes of the unfinished block, pieces included; 0 exactly at the start of a block. */
  let bytes = 0;

  /** Reads a whole line that begins so; null when the next is another one. */
  function readField(start: string): string | null {
    const from = at + start.length;
    // A slice of a few characters: `startsWith` at a position is slower.
    const end = text.slice(at, from) === start ? text.indexOf("\n", from) : -1;
    if (end === -1) return null;
    at = end + 1;
    return text.slice(from, end);
  }

  /** The hot path: a whole block as Tidings writes it. False, and nothing is read, when this one is to be read line by line. */
  function readBlock(): boolean {
    const start = at;
    event = readField("event: ");
    data = event === null ? null : readField("data: ");
    id = readField("id: ");
    const isWhole =
      text[at] === "\n" &&
      !id?.includes("\0") &&
      // What may be too long is counted exactly, line by line.
      (at - start) * MAX_UNIT_BYTES <= maxEventBytes;
    if (!isWhole) data = null;
    at = data === null ? start : at + 1;
    return endBlock();
  }

  /** Whether it was an event. */
  function endBlock(): boolean {
    const whole = data === null ? null : { event: event || "message", data, id };
    event = data = id = null;
    bytes = 0;
    if (whole) onEvent(whole);
    return whole !== null;
  }

  function take(line: string): void {
    const [, name, value = ""] = LINE.exec(line) ?? [];
    if (line === "") endBlock();
    else if (name === "data") data = data === null ? value : `${data}\n${value}`;
    else if (name === "event") event = value;
    else if (name === "id") id = value.includes("\0") ? id : value;
    else if (name === "retry" && DIGITS.test(value)) onRetry?.(Number(value));
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return;
      text = decoder.decode(chunk, { stream: true });
      at = skipsLF && text.startsWith("\n") ? 1 : 0;
      skipsLF = text.endsWith("\r");
      // LF at the end of all lines, whatever they had.
      if (text.includes("\r")) text = text.replaceAll(/\r\n?/g, "\n");
      while (at < text.length) {
        if (bytes === 0 && readBlock()) continue;
        const end = text.indexOf("\n", at);
        const piece = text.slice(at, end === -1 ? text.length : end);
        at += piece.length + 1;
        bytes += utf8Length(piece);
        if (bytes > maxEventBytes) throw new RangeError(`Expected ${maxEventBytes} bytes an event at most, got more.`);
        unfinished += piece;
        if (end === -1) return;
        take(unfinished);
        unfinished = "";
      }
    },
  };
}

/** The UTF-8 bytes of a text without lone surrogates, which a decoder never gives. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate is one of two units that make four bytes together.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 2 : 3;
  }
  return bytes;
}
