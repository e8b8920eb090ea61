import type { GapReason } from "./control.ts";

/** An event as a page carries it. */
export type PageEvent =
  | { readonly channel: string; readonly type: string; readonly data: unknown; readonly id?: string }
  | { readonly channel: string; readonly type: string; readonly clear: string; readonly id: string };

/** The `application/json` representation. */
export interface PageBody {
  readonly events: readonly PageEvent[];
  /** Where to go on from. */
  readonly cursor: string;
  readonly more: boolean;
  readonly gap?: { readonly channels: Readonly<Record<string, GapReason>> };
  readonly refused?: Readonly<Record<string, "forbidden" | "unknown">>;
  readonly state?: Readonly<Record<string, unknown>>;
}
