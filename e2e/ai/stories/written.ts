import assert from "node:assert/strict";
import type { ChunkBatch } from "../../../packages/ai/src/index.ts";

/** What the log has, in its order. */
type Written = readonly { readonly type: string; readonly data: unknown }[];

export function typesOf(written: Written): string[] {
  return written.map(({ type }) => type);
}

export function batchesOf(written: Written): ChunkBatch[] {
  // Safe: these are the data of such events.
  return written.filter(({ type }) => type === "chunks").map(({ data }) => data as ChunkBatch);
}

/** The text of a run; every chunk has to have its number. */
export function textOf(written: Written): string {
  let text = "";
  let next = 0;
  for (const { first, chunks } of batchesOf(written)) {
    assert.equal(first, next);
    next += chunks.length;
    for (const chunk of chunks) text += (chunk as { readonly delta?: string }).delta ?? "";
  }
  return text;
}
