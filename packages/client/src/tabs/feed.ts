import { parseControl, type StreamBlock } from "../drive/blocks.ts";
import { toPosition, type Position } from "../state/position.ts";
import type { Start } from "./message.ts";

/** A feed that was silent for so many milliseconds may be dead: another one proves that the server is there. */
const FRESH = 5_000;

/** One stream over HTTP, which all tabs hear. */
export class Feed {
  readonly id: string;
  readonly paths: Set<string>;
  /** Where it begins. Null: now. */
  readonly after: Position | null;
  /** The streams that begin with it. */
  readonly #beginners: readonly string[];
  end = () => {};
  /** The number of the last block. */
  count = 0;
  hello = "{}";
  /** When the last event came, in milliseconds since 1970. */
  lastLife: number;
  /** Everything up to here was told. */
  #at: Position | null;
  /** Whether a gap was told, and its end is not known yet. */
  #isInHole = false;

  constructor(id: string, paths: ReadonlySet<string>, after: Position | null, wanted: readonly string[], now: number) {
    this.id = id;
    this.paths = new Set(paths);
    this.after = after;
    this.#at = after;
    this.#beginners = after ? [] : wanted;
    this.lastLife = now;
  }

  get at(): Position | null {
    return this.#at;
  }

  /** Whether it is known where it stands. Inside of a hole it stands nowhere. */
  get isJoinable(): boolean {
    return this.#at !== null && !this.#isInHole;
  }

  isFresh(now: number): boolean {
    return Math.abs(now - this.lastLife) < FRESH;
  }

  carries(paths: readonly string[]): boolean {
    return paths.every((path) => this.paths.has(path));
  }

  /** Whether a stream is told where it starts. */
  serves({ stream, paths }: { readonly stream: string; readonly paths: readonly string[] }): boolean {
    return this.carries(paths) && (this.#at !== null || this.#beginners.includes(stream));
  }

  /** Everything up to here was told. Null: the same as before. */
  reach(at: Position | null): void {
    if (at) {
      this.#at = at;
      this.#isInHole = false;
    }
  }

  enterHole(): void {
    this.#isInHole = true;
  }

  /** From here on, it brings everything. */
  startFor(to: string | null, retry: number | null): Start & { readonly to: string | null } {
    return {
      to,
      feed: this.id,
      count: this.count,
      at: this.#at?.token ?? null,
      paths: [...this.paths],
      // A path that joins later begins later.
      beginners: to === null ? this.#beginners : [],
      hello: this.hello,
      retry,
    };
  }
}

/** Whether a feed ends with a block. */
export function isLast({ event, data, id }: StreamBlock): boolean {
  return event === "gap" ? toPosition(id) !== null : event === "bye" && !Array.isArray(parseControl(data).channels);
}
