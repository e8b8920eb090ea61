import type { EndRequest } from "../drive/outcome.ts";
import { WaitingBlocks } from "./waiting-blocks.ts";

/** A page that a tab loads, and what the feed brings meanwhile. */
export class CatchUp {
  readonly waiting = new WaitingBlocks();
  /** Ends the request for the page. Null while there is none. */
  #end: EndRequest | null = null;

  get isUnderWay(): boolean {
    return this.#end !== null;
  }

  /** A page was asked for. */
  begin(end: EndRequest): void {
    this.#end = end;
  }

  /** The page was handled. What waits still waits. */
  done(): void {
    this.#end = null;
  }

  /** Nobody wants the page any more, nor what waits. */
  stop(): void {
    this.#end?.();
    this.#end = null;
    this.waiting.clear();
  }
}
