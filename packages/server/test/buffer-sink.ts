import { createParser, type ServerSentEvent } from "@tidings/protocol";
import type { Sink } from "../src/wire/sink.ts";

/** Keeps what a connection writes, and accepts it until `stalled` is set. */
export class BufferSink implements Sink {
  readonly writes: Uint8Array[] = [];
  readonly events: ServerSentEvent[] = [];
  readonly retries: number[] = [];
  ended = false;
  stalled = false;
  readonly #parser = createParser({
    onEvent: (event) => this.events.push(event),
    onRetry: (milliseconds) => this.retries.push(milliseconds),
  });

  write(bytes: Uint8Array): boolean {
    if (this.ended) throw new Error("Expected no bytes after the end, got some.");
    this.writes.push(bytes);
    this.#parser.push(bytes);
    return !this.stalled;
  }

  end(): void {
    if (this.ended) throw new Error("Expected one end, got two.");
    this.ended = true;
  }

  get bytes(): number {
    return this.writes.reduce((sum, { length }) => sum + length, 0);
  }

  /** Everything as text. */
  get text(): string {
    return this.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  }

  /** The events of the contract, as `path:type data`. */
  get received(): string[] {
    return this.events.filter(({ event }) => event.includes(":")).map(({ event, data }) => `${event} ${data}`);
  }

  /** The events of one name, with their data parsed. */
  of(name: string): { readonly data: unknown; readonly id: string | null }[] {
    return this.events
      .filter(({ event }) => event === name)
      .map(({ data, id }) => ({ data: JSON.parse(data) as unknown, id }));
  }
}
