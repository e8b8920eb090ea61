import type * as batchesModule from "../../../packages/ai/src/server/chunk-batches.ts";
import type * as appendSurelyModule from "../../../packages/server/src/lease/append-surely.ts";
import { replace } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import { inBegin, inLeases, inRunWriter } from "./in-writing.ts";
import type { Mutant } from "./mutant.ts";

const FINISHED = { outcome: "finished", reason: null } as const;

/** What is written of a run, and how it ends. */
export const writers: readonly Mutant[] = [
  {
    breaks: "chunks that were refused are counted",
    by: "the chunks in the log",
    mutation: inLeases(() => {
      let refused = 0;
      return {
        run: (writer) => ({
          publish: async (type, data) => {
            if ("runId" in data) return writer.publish(type, data);
            try {
              return await writer.publish(type, { ...data, first: data.first + refused });
            } catch (error) {
              refused += data.chunks.length;
              throw error;
            }
          },
        }),
      };
    }),
  },
  {
    breaks: "chunks that the log refuses for a moment end the run",
    by: "the chunks in the log",
    mutation: inLeases(() => ({
      run: (writer) => ({
        publish: (type, data) =>
          writer.publish(type, data).catch((cause: unknown) => {
            throw new Error("The log has refused chunks.", { cause });
          }),
      }),
    })),
  },
  {
    breaks: "chunks whose answer got lost end the run",
    by: "the chunks in the log",
    mutation: replace<typeof appendSurelyModule>("packages/server/src/lease/append-surely.ts", {
      appendSurely: (appendSurely) => (needs, batch, options) =>
        appendSurely(needs, batch, { ...options, findStored: async () => null }),
    }),
  },
  {
    breaks: "after large chunks, each chunk is an event",
    by: "the chunks in the log",
    mutation: replace<typeof batchesModule>("packages/ai/src/server/chunk-batches.ts", {
      ChunkBatches: (ChunkBatches) =>
        class extends ChunkBatches {
          #size = 0;
          override async add(chunk: Parameters<batchesModule.ChunkBatches["add"]>[0]): Promise<void> {
            this.#size += JSON.stringify(chunk).length;
            if (this.#size > 16_384) await this.flush();
            await super.add(chunk);
          }
        },
    }),
  },
  {
    breaks: "a model that says that it has failed has finished",
    by: "a run that ends",
    mutation: inRunWriter((writer) => ({
      get outcome() {
        return writer.outcome.outcome === "failed" ? FINISHED : writer.outcome;
      },
    })),
  },
  {
    breaks: "a run of which a chunk was refused has finished",
    by: "TanStack AI",
    mutation: inRunWriter((writer) => {
      let isRefused = false;
      return {
        publish: (chunks) =>
          writer.publish(chunks).catch((error: unknown) => {
            isRefused = true;
            throw error;
          }),
        get outcome() {
          return isRefused && writer.outcome.outcome === "failed" ? FINISHED : writer.outcome;
        },
      };
    }),
  },
  {
    breaks: "a run that is over is still given up",
    by: "a run that ends",
    mutation: inBegin(async (begin, hub, place) => {
      let isOver = false;
      const setTimeout: typeof place.clock.setTimeout = (...given) => {
        const cancel = place.clock.setTimeout(...given);
        return () => (isOver ? undefined : cancel());
      };
      const writer = await begin(hub, { ...place, clock: { setTimeout } });
      if (writer === null) return null;
      return withMethods(writer, {
        end: (data) => {
          isOver = true;
          return writer.end(data);
        },
      });
    }),
  },
  {
    breaks: "a chat still names a run that was stopped",
    by: "a run that ends",
    mutation: inLeases(() => ({
      chat: (writer) => ({
        publish: async (type, data) => (writer.signal.aborted ? { id: "" } : writer.publish(type, data)),
      }),
    })),
  },
  {
    breaks: "the run is ended before the chat is left",
    by: "a run that ends",
    mutation: inLeases(() => {
      const waiting: (() => Promise<unknown>)[] = [];
      return {
        run: (writer) => ({
          end: async (data) => {
            await writer.end(data);
            for (const leave of waiting) await leave();
          },
        }),
        chat: (writer) => ({
          publish: async (type, data) => {
            if (!("runId" in data) || data.runId !== null) return writer.publish(type, data);
            waiting.push(() => writer.publish(type, data));
            return { id: "" };
          },
          release: async () => void waiting.push(() => writer.release()),
        }),
      };
    }),
  },
  {
    breaks: "a hub that closes early is an error of the run",
    by: "a run that ends",
    mutation: inLeases(() => ({
      run: (writer) => ({
        end: (data) =>
          writer.end(data).catch((cause: unknown) => {
            throw new Error("The run could not be ended.", { cause });
          }),
      }),
    })),
  },
];
