import { readBlocks, type Block } from "./block.ts";
import type { Reply } from "./transport.ts";

/** The answer to a request, read block by block if it is a stream. */
export class Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Reply["headers"];
  readonly cut: () => void;
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #blocks: AsyncGenerator<Block, void>;
  readonly #patience: number;

  /** @param patience the milliseconds after which what has not come is taken for missing */
  constructor(reply: Reply, patience: number) {
    this.status = reply.status;
    this.headers = reply.headers;
    this.cut = reply.cut;
    this.#body = reply.body;
    this.#blocks = readBlocks(reply.body);
    this.#patience = patience;
  }

  /** The next block, or null at the end. */
  async next(): Promise<Block | null> {
    const { value } = await withinTime(this.#patience, () => "another block", this.#blocks.next());
    return value ?? null;
  }

  /** The next blocks that are no heartbeats. */
  async take(count: number): Promise<Block[]> {
    const taken = await this.#read(count);
    if (taken.length === count) return taken;
    throw new Error(`Expected ${count} blocks, got the end after ${JSON.stringify(taken)}.`);
  }

  /** What comes until the server ends the stream, without heartbeats. */
  rest(): Promise<Block[]> {
    return this.#read(Infinity);
  }

  /** The whole body. */
  text(): Promise<string> {
    const read = async (): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.#body) chunks.push(chunk);
      return Buffer.concat(chunks).toString("utf8");
    };
    return withinTime(this.#patience, () => "the end of the body", read());
  }

  async #read(most: number): Promise<Block[]> {
    const taken: Block[] = [];
    const read = async (): Promise<void> => {
      while (taken.length < most) {
        const { value } = await this.#blocks.next();
        if (value === undefined) return;
        if (value.event !== "heartbeat") taken.push(value);
      }
    };
    await withinTime(this.#patience, () => `more than ${JSON.stringify(taken)}`, read());
    return taken;
  }
}

/** @throws Error when nothing has come in time */
export async function withinTime<Value>(
  milliseconds: number,
  what: () => string,
  coming: Promise<Value>,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Expected ${what()} within ${milliseconds} ms, got nothing.`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}
