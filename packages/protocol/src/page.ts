import type { GapReason } from "./control.ts";

/** An event on a page; with `clear`, the withdrawal of the `latest` value with that key. */
export type PageEvent =
  | { readonly channel: string; readonly type: string; readonly data: unknown; readonly id?: string }
  | { readonly channel: string; readonly type: string; readonly clear: string; readonly id: string };

/** The `application/json` representation (PROTOCOL.md, section 6). */
export interface PageBody {
  /** Oldest first. */
  readonly events: readonly PageEvent[];
  /** The position to read on from. */
  readonly cursor: string;
  /** Whether there are more events to read already. */
  readonly more: boolean;
  readonly gap?: { readonly channels: Readonly<Record<string, GapReason>> };
  /** By path, the channels that this viewer does not get. */
  readonly refused?: Readonly<Record<string, "forbidden" | "unknown">>;
  /** By path, the snapshots. */
  readonly state?: Readonly<Record<string, unknown>>;
}
