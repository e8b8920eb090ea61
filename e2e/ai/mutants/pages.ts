import type * as findModule from "../../../packages/ai/src/client/find-active-run.ts";
import type * as readRunModule from "../../../packages/ai/src/client/read-run.ts";
import { replace } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import type { Mutant } from "./mutant.ts";

const READ_RUN = "packages/ai/src/client/read-run.ts";

/** What a page with the AI SDK reads. */
export const pages: readonly Mutant[] = [
  {
    breaks: "chunks are taken before a page reads",
    by: "a page of the AI SDK",
    mutation: replace<typeof readRunModule>(READ_RUN, {
      // A pipe takes one chunk ahead.
      readRun:
        (readRun) =>
        (...given) =>
          readRun(...given).pipeThrough(new TransformStream()),
    }),
  },
  {
    breaks: "a page goes on after the oldest page of a run",
    by: "a page of the AI SDK",
    mutation: replace<typeof readRunModule>(READ_RUN, {
      loadReplay:
        (loadReplay) =>
        async (client, ...rest) => {
          let oldest = "";
          const history: typeof client.history = async (...given) => {
            const page = await client.history(...given);
            oldest = page.events.at(-1)?.id ?? page.cursor;
            return page;
          };
          const replay = await loadReplay(withMethods(client, { history }), ...rest);
          return replay && { ...replay, cursor: oldest };
        },
    }),
  },
  {
    breaks: "a page reads what the application has saved",
    by: "a page of the AI SDK",
    mutation: replace<typeof readRunModule>(READ_RUN, {
      loadReplay:
        (loadReplay) =>
        async (...given) => {
          const replay = await loadReplay(...given);
          return replay && { ...replay, end: replay.end && { ...replay.end, outcome: "aborted" } };
        },
    }),
  },
  {
    breaks: "a page follows the chat for ever",
    by: "a page of the AI SDK",
    mutation: replace<typeof findModule>("packages/ai/src/client/find-active-run.ts", {
      findActiveRun:
        (findActiveRun) =>
        (client, ...rest) => {
          const subscribe: typeof client.subscribe = (...given) =>
            withMethods(client.subscribe(...given), { close: () => {} });
          return findActiveRun(withMethods(client, { subscribe }), ...rest);
        },
    }),
  },
];
