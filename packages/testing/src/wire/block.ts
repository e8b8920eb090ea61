/** One block of a stream. */
export interface Block {
  /** Milliseconds; null if the block has no `retry`. */
  readonly retry: number | null;
  readonly event: string;
  /** The parsed JSON of `data`. */
  readonly data: unknown;
  readonly id: string | null;
}

/** The only form that PROTOCOL.md, section 5.1, allows: these fields in this order, each on one line. */
const BLOCK = /^(?:retry: ?(\d+)\n)?event: ?([^\n]+)\ndata: ?([^\n]*)\n(?:id: ?([^\n]+)\n)?$/;
const CURSOR = /^[\w-]{1,40}\.(?:0|[1-9]\d{0,15})$/;

/**
 * Reads a stream strictly: only LF, no byte order mark, no comment, and no field that is unknown, missing, repeated or
 * in another order. It is slow and tolerates no deviation, so clients should not use it.
 *
 * @throws Error that quotes the first block that breaks the protocol
 */
export async function* readBlocks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Block, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\r")) throw new Error(`Expected lines that end with LF, got ${JSON.stringify(text)}.`);
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      yield parseBlock(text.slice(0, end + 1));
      text = text.slice(end + 2);
    }
  }
  if (text !== "") {
    throw new Error(`Expected a blank line after each event, got the end after ${JSON.stringify(text)}.`);
  }
}

function parseBlock(text: string): Block {
  const fail = (expected: string): never => {
    throw new Error(`Expected ${expected}, got ${JSON.stringify(text)}.`);
  };
  const [, retry, event = "", data = "", id] =
    BLOCK.exec(text) ?? fail("an event line, a data line and at most one id line, in this order");
  if (id !== undefined && !CURSOR.test(id)) return fail("an id that is a cursor");
  try {
    return { retry: retry === undefined ? null : Number(retry), event, data: JSON.parse(data), id: id ?? null };
  } catch {
    return fail("data that is JSON");
  }
}
