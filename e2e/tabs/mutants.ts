import type * as feedModule from "../../packages/client/src/tabs/feed.ts";
import type * as feedReaderModule from "../../packages/client/src/tabs/feed-reader.ts";
import type * as heardFeedModule from "../../packages/client/src/tabs/heard-feed.ts";
import type * as pageBlocksModule from "../../packages/client/src/drive/page-blocks.ts";
import type * as patienceModule from "../../packages/client/src/tabs/patience.ts";
import type * as relayModule from "../../packages/client/src/tabs/relay.ts";
import type * as tabsModule from "../../packages/client/src/tabs/tabs.ts";
import type * as waitingBlocksModule from "../../packages/client/src/tabs/waiting-blocks.ts";
import type * as wantsModule from "../../packages/client/src/tabs/wants.ts";
import type { DirectedMutant } from "../mutation/describe-hunt.ts";
import { replace } from "../mutation/mutation.ts";
import type { Subject } from "./stories/index.ts";

const FOLDER = "packages/client/src/tabs";

/** Tabs that break a law of docs/decisions/tabs.md. */
export const mutants: readonly DirectedMutant<Subject>[] = [
  {
    breaks: "a tab joins where the feed stands, whatever it has missed before",
    by: "who catches up",
    mutation: replace<typeof feedReaderModule>(`${FOLDER}/feed-reader.ts`, {
      FeedReader: (FeedReader) =>
        class extends FeedReader {
          override get isCaughtUp(): boolean {
            return true;
          }
        },
    }),
  },
  {
    breaks: "what the feed brings while a tab catches up is dropped",
    by: "who catches up",
    mutation: replace<typeof waitingBlocksModule>(`${FOLDER}/waiting-blocks.ts`, {
      WaitingBlocks: (WaitingBlocks) =>
        class extends WaitingBlocks {
          override take(): readonly [] {
            this.clear();
            return [];
          }
        },
    }),
  },
  {
    breaks: "a block that is missing is not noticed",
    by: "messages that are lost",
    mutation: replace<typeof heardFeedModule>(`${FOLDER}/heard-feed.ts`, {
      HeardFeed: (HeardFeed) =>
        class extends HeardFeed {
          override hear(count: number): "next" | "old" | "late" {
            return super.hear(count) === "old" ? "old" : "next";
          }
          override isUpToDate(feed: string | null): boolean {
            return feed === this.id;
          }
        },
    }),
  },
  {
    breaks: "the last block before a silence is not missed",
    by: "messages that are lost",
    mutation: replace<typeof heardFeedModule>(`${FOLDER}/heard-feed.ts`, {
      HeardFeed: (HeardFeed) =>
        class extends HeardFeed {
          override hear(count: number): "next" | "old" | "late" {
            const order = super.hear(count);
            return order === "late" ? "old" : order;
          }
          override isUpToDate(): boolean {
            return true;
          }
        },
    }),
  },
  {
    breaks: "whoever joins starts one block too late",
    by: "who comes and goes",
    mutation: replace<typeof feedModule>(`${FOLDER}/feed.ts`, {
      Feed: (Feed) =>
        class extends Feed {
          override startFor(to: string | null, retry: number | null) {
            const start = super.startFor(to, retry);
            return to === null ? start : { ...start, count: start.count + 1 };
          }
        },
    }),
  },
  {
    breaks: "a feed that was silent is taken for alive",
    by: "who comes and goes",
    mutation: replace<typeof feedModule>(`${FOLDER}/feed.ts`, {
      Feed: (Feed) =>
        class extends Feed {
          override isFresh(): boolean {
            return true;
          }
        },
    }),
  },
  {
    breaks: "a tab asks only once",
    by: "who comes and goes",
    mutation: replace<typeof patienceModule>(`${FOLDER}/patience.ts`, {
      Patience: (Patience) =>
        class extends Patience {
          override begin(_: () => void, onEnd: () => void): void {
            super.begin(() => {}, onEnd);
          }
        },
    }),
  },
  {
    breaks: "the gap of a page is not told",
    by: "who catches up",
    mutation: replace<typeof pageBlocksModule>("packages/client/src/drive/page-blocks.ts", {
      blocksOf: (blocksOf) => (page) => [...blocksOf(page)].filter(({ event }) => event !== "gap"),
    }),
  },
  {
    breaks: "a leader that has lost the lock keeps its stream",
    by: "who leads",
    mutation: replace<typeof relayModule>(`${FOLDER}/relay.ts`, {
      Relay: (Relay) =>
        class extends Relay {
          override close(): void {}
        },
    }),
  },
  {
    breaks: "all viewers share",
    by: "who comes and goes",
    mutation: replace<typeof tabsModule>(`${FOLDER}/tabs.ts`, {
      shareAmong: (shareAmong) => (_, platform) => shareAmong("everybody", platform),
    }),
  },
  {
    breaks: "tabs that have gone are never forgotten",
    by: "who comes and goes",
    mutation: replace<typeof wantsModule>(`${FOLDER}/wants.ts`, {
      Wants: (Wants) =>
        class extends Wants {
          override onPing(): void {}
        },
    }),
  },
];
