import type { PageBody } from "@tidings/protocol";
import type { Failure } from "../drive/failure.ts";
import { WaitingBlocks } from "./waiting-blocks.ts";

/** A page that a tab loads, and what the feed brings meanwhile. */
export class CatchUp {
  readonly waiting = new WaitingBlocks();
  #loading: AbortController | null = null;

  get isUnderWay(): boolean {
    return this.#loading !== null;
  }

  /** @param onPage called while it is still under way */
  load(
    loadPage: (signal: AbortSignal) => Promise<PageBody>,
    onPage: (page: PageBody) => void,
    onFailed: (failed: Failure) => void,
  ): void {
    const loading = new AbortController();
    this.#loading = loading;
    loadPage(loading.signal).then(
      (page) => this.#loading === loading && onPage(page),
      (failed: unknown) => this.#loading === loading && onFailed(failed as Failure),
    );
  }

  /** The page was handled. What waits still waits. */
  done(): void {
    this.#loading = null;
  }

  /** Nobody wants the page any more, nor what waits. */
  stop(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.waiting.clear();
  }
}
