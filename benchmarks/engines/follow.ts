import type { Hub } from "@tidings/server";
import { room, wallClock, type contract } from "./engine.ts";

/** The times of the events that have come, in milliseconds from `publish` to the loop of a reader. */
export interface Following {
  readonly times: number[];
  stop(): Promise<void>;
}

export function follow(hub: Hub<typeof contract>): Following {
  const times: number[] = [];
  const ending = new AbortController();
  const reading = (async () => {
    for await (const item of hub.events(room, { signal: ending.signal })) {
      if (item.kind === "event") times.push(wallClock() - item.data.at);
    }
  })();
  return {
    times,
    async stop() {
      ending.abort();
      await reading.catch(() => {});
    },
  };
}
