/** One block of a stream. */
export interface ServerSentEvent {
  /** `message` if the block has no `event` field. */
  readonly event: string;
  readonly data: string;
  /** The block's own id; null if it has none, or an id with NUL, which the standard ignores. */
  readonly id: string | null;
}

/** Options of {@link createParser}. */
export interface ParserOptions {
  /** Called for every complete block with data. A block without data is dropped, with its id. */
  readonly onEvent: (event: ServerSentEvent) => void;
  /** Called with every `retry` field, as soon as its line ends: milliseconds of any size, even `Infinity`. */
  readonly onRetry?: (milliseconds: number) => void;
  /**
   * The most bytes that one block may have, without line ends. A byte that is not UTF-8 becomes U+FFFD and counts as
   * three bytes. @default 1 MiB
   */
  readonly maxEventBytes?: number;
  /** Called for a longer block, without its data. @default `push` throws */
  readonly onTooLarge?: (event: Omit<ServerSentEvent, "data">) => void;
}

/** A parser of one stream. */
export interface Parser {
  /**
   * Takes the next bytes of the stream, which may be cut anywhere.
   *
   * @throws RangeError if a block is longer than `maxEventBytes` and nobody takes it; the parser cannot be used after
   *   that
   * @throws whatever a callback throws; the rest of the chunk is lost
   */
  push(chunk: Uint8Array): void;
}

const LINE = /^([^:]*)(?:: ?(.*))?$/s;
const DIGITS = /^\d+$/;

/** The most UTF-8 bytes that one UTF-16 unit can need. */
const MAX_UNIT_BYTES = 3;
/** The most characters of a line that are kept of a block that is too long. Names and ids are shorter. */
const MAX_KEPT = 1_024;

/**
 * Creates an incremental parser of `text/event-stream` (WHATWG HTML standard, 9.2.6). Its cost is linear in the bytes,
 * also for one line that arrives in many chunks.
 */
export function createParser({ onEvent, onRetry, maxEventBytes = 1 << 20, onTooLarge }: ParserOptions): Parser {
  /** It also removes the byte order mark. */
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  /** The decoded chunk. The part from `at` on is not read yet. */
  let text = "";
  let at = 0;
  /** Whether the last chunk ended with CR. An LF at the start of the next one then belongs to the same line end. */
  let skipsLF = false;
  /** An unfinished line. JavaScript engines join its pieces only once, when the line is read. */
  let unfinished = "";
  let event: string | null = null;
  let data: string | null = null;
  let id: string | null = null;
  /** The bytes of the unfinished block, with the unfinished line; 0 exactly at the start of a block. */
  let bytes = 0;

  /** Reads the next line if it is complete and begins with `prefix`; otherwise null, and nothing is read. */
  function readField(prefix: string): string | null {
    const valueStart = at + prefix.length;
    // Comparing a slice of a few characters is faster than `startsWith` at a position.
    const end = text.slice(at, valueStart) === prefix ? text.indexOf("\n", valueStart) : -1;
    if (end === -1) return null;
    at = end + 1;
    return text.slice(valueStart, end);
  }

  /** The hot path: reads a complete block in the form that Tidings writes. False if it has to be read line by line. */
  function readBlock(): boolean {
    const start = at;
    event = readField("event: ");
    data = event === null ? null : readField("data: ");
    id = readField("id: ");
    const isComplete =
      data !== null &&
      text[at] === "\n" &&
      !id?.includes("\0") &&
      // A block that may be too long is read line by line, which counts its bytes exactly.
      (at - start) * MAX_UNIT_BYTES <= maxEventBytes;
    at = isComplete ? at + 1 : start;
    endBlock(isComplete);
    return isComplete;
  }

  /** Resets the fields and passes the event on, if the block is one. */
  function endBlock(isEvent: boolean): void {
    const block = { event: event || "message", data: data ?? "", id };
    const isTooLarge = bytes > maxEventBytes;
    event = null;
    data = null;
    id = null;
    bytes = 0;
    if (!isEvent) return;
    if (isTooLarge) onTooLarge?.({ event: block.event, id: block.id });
    else onEvent(block);
  }

  function take(line: string): void {
    const [, name, value = ""] = LINE.exec(line) ?? [];
    // A block without data is no event.
    if (line === "") endBlock(data !== null);
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
      // From here on, every line ends with LF.
      if (text.includes("\r")) text = text.replaceAll(/\r\n?/g, "\n");
      while (at < text.length) {
        if (bytes === 0 && readBlock()) continue;
        const end = text.indexOf("\n", at);
        const piece = text.slice(at, end === -1 ? text.length : end);
        at += piece.length + 1;
        bytes += encoder.encode(piece).length;
        unfinished += piece;
        if (bytes > maxEventBytes) {
          if (!onTooLarge) throw new RangeError(`Expected at most ${maxEventBytes} bytes an event, got more.`);
          unfinished = unfinished.slice(0, MAX_KEPT);
          // Whether there was any is kept.
          data &&= "";
        }
        if (end === -1) return;
        take(unfinished);
        unfinished = "";
      }
    },
  };
}
