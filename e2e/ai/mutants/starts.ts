import type * as startRunModule from "../../../packages/ai/src/server/start-run.ts";
import { replace } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import { inBegin, inLeases } from "./in-writing.ts";
import type { Mutant } from "./mutant.ts";

/** How a run begins. */
export const starts: readonly Mutant[] = [
  {
    breaks: "a chat names a run before the log has its beginning",
    by: "a run that begins",
    mutation: inLeases(() => {
      let publishBeginning: (() => Promise<unknown>) | null = null;
      return {
        run: (writer) => ({
          publish: async (type, data) => {
            if ("runId" in data || data.chunks.length > 0) return writer.publish(type, data);
            publishBeginning = () => writer.publish(type, data);
            return { id: "" };
          },
        }),
        chat: (writer) => ({
          publish: async (type, data) => {
            const published = await writer.publish(type, data);
            await publishBeginning?.();
            return published;
          },
        }),
      };
    }),
  },
  {
    breaks: "a run that could not begin goes on for its readers",
    by: "a run that begins",
    mutation: inBegin((begin, hub, place) => {
      let hasChat = false;
      return begin(
        {
          lease: async (address, options) => {
            const writer = await hub.lease(address, options);
            hasChat ||= address === place.chat;
            if (address !== place.run) return writer;
            return withMethods(writer, { end: async (data) => (hasChat ? writer.end(data) : undefined) });
          },
        },
        place,
      );
    }),
  },
  {
    breaks: "a chat that is stopped while its run begins does not stop it",
    by: "a run that begins",
    mutation: inBegin((begin, hub, place) =>
      begin(
        {
          lease: (address, options) =>
            // Safe: a lease needs no more than the time for which it holds.
            hub.lease(address, address === place.chat ? ({ ttl: options.ttl } as typeof options) : options),
        },
        place,
      ),
    ),
  },
  {
    breaks: "a start waits for ever for a run that nobody begins",
    by: "a run that begins",
    mutation: replace<typeof startRunModule>("packages/ai/src/server/start-run.ts", {
      startRun: (startRun) => (hub, options, produce) => {
        const { clock, ttl } = options;
        if (clock === undefined || ttl === undefined) return startRun(hub, options, produce);
        const setTimeout: typeof clock.setTimeout = (task, milliseconds, ...rest) =>
          milliseconds === ttl + 2_000 ? () => {} : clock.setTimeout(task, milliseconds, ...rest);
        return startRun(hub, { ...options, clock: withMethods(clock, { setTimeout }) }, produce);
      },
    }),
  },
];
