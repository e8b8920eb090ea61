import type { Address } from "@tidings/contract";
import type { Status, Watchable } from "@tidings/client";
import type { ActiveRun, ChunkBatch, RunEnd } from "../run.ts";

/** A batch of history. */
export interface RunPage {
  readonly events: readonly { readonly id: string | null; readonly data: ChunkBatch }[];
  readonly cursor: string;
  readonly end: { readonly data: RunEnd } | null;
  readonly more: boolean;
  readonly unreadable: readonly unknown[];
}

interface CommonHandlers {
  onGap(): void;
  onClose(reason: string): void;
}

export interface RunHandlers extends CommonHandlers {
  chunks(batch: ChunkBatch): void;
  onEnd(end: RunEnd): void;
}

interface ChatHandlers extends CommonHandlers {
  activeRun(run: ActiveRun): void;
}

interface RunSubscription {
  readonly status: Watchable<Status>;
  close(): void;
}

/** What it needs of a client. The types of its contract have been checked where it was passed. */
export interface RunClient {
  history(
    run: Address,
    options: { readonly last: number; readonly before?: string; readonly signal?: AbortSignal },
  ): Promise<RunPage>;
  subscribe(
    address: Address,
    handlers: RunHandlers | ChatHandlers,
    options?: { readonly after?: string },
  ): RunSubscription;
}
