import { readBlocks, type Block } from "./block.ts";
import type { RawResponse } from "./transport.ts";

/** The answer to a request. A stream is read block by block. */
export class Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: RawResponse["headers"];
  readonly cut: () => void;
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #blocks: AsyncGenerator<Block, void>;
  readonly #patience: number;

  /** @param patience how long a read waits, in milliseconds */
  constructor(response: RawResponse, patience: number) {
    this.status = response.status;
    this.headers = response.headers;
    this.cut = response.cut;
    this.#body = response.body;
    this.#blocks = readBlocks(response.body);
    this.#patience = patience;
  }

  /** The next block; null at the end of the stream. @throws Error if nothing comes in time */
  async next(): Promise<Block | null> {
    const { value } = await withinTime(this.#patience, () => "another block", this.#blocks.next());
    return value ?? null;
  }

  /** The next blocks, without heartbeats. @throws Error if the stream ends first, or if not all come in time */
  async take(count: number): Promise<Block[]> {
    const taken = await this.#read(count);
    if (taken.length === count) return taken;
    throw new Error(`Expected ${count} blocks, got the end after ${JSON.stringify(taken)}.`);
  }

  /** All blocks until the server ends the stream, without heartbeats. @throws Error if it does not end in time */
  rest(): Promise<Block[]> {
    return this.#read(Infinity);
  }

  /** The whole body. @throws Error if it does not end in time */
  text(): Promise<string> {
    const read = async (): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.#body) chunks.push(chunk);
      return Buffer.concat(chunks).toString("utf8");
    };
    return withinTime(this.#patience, () => "the end of the body", read());
  }

  async #read(maxCount: number): Promise<Block[]> {
    const taken: Block[] = [];
    const read = async (): Promise<void> => {
      while (taken.length < maxCount) {
        const { value } = await this.#blocks.next();
        if (value === undefined) return;
        if (value.event !== "heartbeat") taken.push(value);
      }
    };
    await withinTime(this.#patience, () => `more than ${JSON.stringify(taken)}`, read());
    return taken;
  }
}

/**
 * Waits for a promise, but not for longer than so many milliseconds.
 *
 * @param describe says in the error what was expected
 * @throws Error if the promise has not settled in time
 */
export async function withinTime<Value>(
  milliseconds: number,
  describe: () => string,
  promise: Promise<Value>,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`Expected ${describe()} within ${milliseconds} ms, got nothing.`));
    timer = setTimeout(fail, milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
