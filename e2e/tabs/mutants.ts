import type * as feedModule from "../../packages/client/src/tabs/feed.ts";
import type * as feedReaderModule from "../../packages/client/src/tabs/feed-reader.ts";
import type * as heardFeedModule from "../../packages/client/src/tabs/heard-feed.ts";
import type * as pageBlocksModule from "../../packages/client/src/drive/page-blocks.ts";
import type * as relayModule from "../../packages/client/src/tabs/relay.ts";
import type * as tabsModule from "../../packages/client/src/tabs/tabs.ts";
import type * as waitingBlocksModule from "../../packages/client/src/tabs/waiting-blocks.ts";
import type * as wantsModule from "../../packages/client/src/tabs/wants.ts";
import { replace, type Mutation } from "../mutation/mutation.ts";

const FOLDER = "packages/client/src/tabs";

/** Tabs that break a law of docs/decisions/tabs.md. */
export const mutants: readonly { readonly breaks: string; readonly mutation: Mutation }[] = [
  {
    breaks: "a tab joins where the feed stands, whatever it has missed before",
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
    breaks: "who joins starts one block too late",
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
    breaks: "the gap of a page is not told",
    mutation: replace<typeof pageBlocksModule>("packages/client/src/drive/page-blocks.ts", {
      blocksOf: (blocksOf) => (page) => [...blocksOf(page)].filter(({ event }) => event !== "gap"),
    }),
  },
  {
    breaks: "a leader that has lost the lock keeps its stream",
    mutation: replace<typeof relayModule>(`${FOLDER}/relay.ts`, {
      Relay: (Relay) =>
        class extends Relay {
          override close(): void {}
        },
    }),
  },
  {
    breaks: "all viewers share",
    mutation: replace<typeof tabsModule>(`${FOLDER}/tabs.ts`, {
      shareAmong: (shareAmong) => (_, platform) => shareAmong("everybody", platform),
    }),
  },
  {
    breaks: "tabs that have gone are never forgotten",
    mutation: replace<typeof wantsModule>(`${FOLDER}/wants.ts`, {
      Wants: (Wants) =>
        class extends Wants {
          override onPing(): void {}
        },
    }),
  },
];
