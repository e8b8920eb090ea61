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

/**
 * An incremental parser of `text/event-stream`, after the WHATWG HTML standard, 9.2.6. Its cost is linear in the bytes, also
 * for one line that arrives in many chunks.
 */
export function createParser({ onEvent, onRetry, maxEventBytes = 1 << 20 }: ParserOptions): Parser {
  /** Takes the BOM away, too: the first chunk is always decoded by it. */
  const streaming = new TextDecoder();
  /** Is never told `stream`: Node 20 decodes ASCII 7 times as fast with it, other text half as fast. */
  const whole = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Whether the last chunk may have ended inside a character. */
  let isSplit = false;
  /** Whether the text of the last chunk is known to be ASCII. */
  let isAscii = false;
  /** Whether the last chunk ended with CR, so that an LF now is a part of that line end. */
  let skipsLF = false;
  /** An unfinished line: engines join its pieces once, when they are read. */
  let unfinished = "";
  let event = "";
  let data: string | null = null;
  let id: string | null = null;
  /** Bytes of the unfinished block, pieces included; 0 exactly at the start of a block. */
  let bytes = 0;

  function decode(chunk: Uint8Array): string {
    const wasSplit = isSplit;
    isSplit = (chunk.at(-1) ?? 0) >= 0x80;
    const isWhole = !wasSplit && !isSplit;
    // What the last chunk was, the next one will be: a wrong guess costs time and nothing else.
    const text = isWhole && isAscii ? whole.decode(chunk) : streaming.decode(chunk, { stream: true });
    // Every character above ASCII has more bytes than units; only an invalid byte, which becomes U+FFFD, has one of each.
    isAscii = isWhole && text.length === chunk.length && !text.includes("\uFFFD");
    const rest = skipsLF && text.startsWith("\n") ? text.slice(1) : text;
    skipsLF = text.endsWith("\r");
    // LF at the end of all lines, whatever they had.
    return rest.includes("\r") ? rest.replaceAll(/\r\n?/g, "\n") : rest;
  }

  /**
   * The hot path: a whole block as Tidings writes it, `event`, `data`, perhaps `id`.
   * @returns where the next block starts, or 0 when this one is to be read line by line
   */
  function takeBlock(text: string, start: number, hasNul: boolean): number {
    const eventEnd = text.indexOf("\n", start);
    const dataEnd = text.indexOf("\n", eventEnd + 1);
    const hasId = text.slice(dataEnd + 1, dataEnd + 5) === "id: ";
    const end = hasId ? text.indexOf("\n", dataEnd + 5) : dataEnd;
    const ownId = hasId ? text.slice(dataEnd + 5, end) : null;
    // Slices of a few characters: with `startsWith` at a position a block takes half as long again.
    const isOurs =
      text.slice(start, start + 7) === "event: " &&
      text.slice(eventEnd + 1, eventEnd + 7) === "data: " &&
      // Where one of the searches found nothing, it has begun again at the top.
      end > start &&
      text.charCodeAt(end + 1) === LF &&
      !(hasNul && ownId?.includes("\0")) &&
      // What may be too long is counted exactly, line by line.
      (end - start) * MAX_UNIT_BYTES <= maxEventBytes;
    if (!isOurs) return 0;
    onEvent({
      event: text.slice(start + 7, eventEnd) || "message",
      data: text.slice(eventEnd + 7, dataEnd),
      id: ownId,
    });
    return end + 2;
  }

  function take(line: string): void {
    // The commonest first, without a name that is thrown away.
    if (line.startsWith("data: ")) return addData(line.slice(6));
    if (line === "") {
      if (data !== null) onEvent({ event: event || "message", data, id });
      event = "";
      data = null;
      id = null;
      bytes = 0;
      return;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = line.slice(name.length + (line[colon + 1] === " " ? 2 : 1));
    if (name === "data") addData(value);
    else if (name === "event") event = value;
    else if (name === "id") id = value.includes("\0") ? id : value;
    else if (name === "retry" && DIGITS.test(value)) onRetry?.(Number(value));
  }

  function addData(value: string): void {
    data = data === null ? value : `${data}\n${value}`;
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return;
      const text = decode(chunk);
      // One search of an ASCII chunk is cheaper than one of every id; in other text V8 is slow to find NUL.
      const hasNul = !isAscii || text.includes("\0");
      for (let start = 0; start < text.length;) {
        const next = bytes === 0 ? takeBlock(text, start, hasNul) : 0;
        if (next > 0) {
          start = next;
          continue;
        }
        const end = text.indexOf("\n", start);
        const piece = text.slice(start, end === -1 ? text.length : end);
        start += piece.length + 1;
        bytes += isAscii ? piece.length : utf8Length(piece);
        if (bytes > maxEventBytes)
          throw new RangeError(`Expected events of ${maxEventBytes} bytes at most, got one that is longer.`);
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
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate is one of two units that make four bytes together.
    if (unit >= 0x800) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}
