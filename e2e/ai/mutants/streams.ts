import type * as streamModule from "../../../packages/ai/src/tanstack/tidings-stream.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import type { Mutant } from "./mutant.ts";

type Stream = streamModule.TidingsStream;

/** Streams that are read in another way. */
function inRead(
  change: (stream: Stream, ...given: Parameters<Stream["read"]>) => ReturnType<Stream["read"]>,
): Mutation {
  return replace<typeof streamModule>("packages/ai/src/tanstack/tidings-stream.ts", {
    tidingsStream: (tidingsStream) => async (hub, request, options) => {
      const stream = await tidingsStream(hub, request, options);
      return withMethods(stream, { read: (...given) => change(stream, ...given) });
    },
  });
}

/** What TanStack AI reads. */
export const streams: readonly Mutant[] = [
  {
    breaks: "a reader gets chunks before its offset that come later",
    by: "TanStack AI",
    mutation: inRead(async function* (stream, offset, signal) {
      const { length } = (await stream.snapshot?.()) ?? [];
      for await (const each of stream.read("-1", signal)) {
        const isLate = Number(each.offset) >= length;
        if (isLate || Number(each.offset) > Number(offset)) yield each;
      }
    }),
  },
  {
    breaks: "joined chunks have the offset of the first one",
    by: "TanStack AI",
    mutation: inRead(async function* (stream, offset, signal) {
      let last = Number(offset);
      for await (const each of stream.read(offset, signal)) {
        yield { ...each, offset: String(last + 1) };
        last = Number(each.offset);
      }
    }),
  },
  {
    breaks: "a run that has failed ends without an error",
    by: "TanStack AI",
    mutation: inRead(async function* (stream, offset, signal) {
      for await (const each of stream.read(offset, signal)) {
        const { chunk } = each;
        if (!("code" in chunk && chunk.code === "failed")) yield each;
      }
    }),
  },
];
