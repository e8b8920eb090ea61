import { checkEnds } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Find } from "./expected-value.ts";
import type { NewRow } from "./new-row.ts";
import { IS_END } from "./schema.ts";

/** Names the index: without it, an application that runs `analyze` could make SQLite choose another one. */
const END = `
select seq,
  (select epoch from tidings_epoch where first <= tidings_entry.seq order by number desc limit 1) as epoch
from tidings_entry indexed by tidings_entry_end where ${IS_END} and channel = ? and seq < ?`;
const IS_REPEATED = "select 1 from tidings_idempotency where channel = ? and key = ? and seq < ?";

interface EndedChannelsOptions {
  /** The `seq` of the first entry of the batch, if they are inserted already. */
  readonly first?: number;
  /** Channels of which this transaction knows that they have not ended. It is filled. @default none */
  readonly open?: Set<string>;
}

/**
 * Checks that no entry of a batch comes after the end of its channel. It has to run in the transaction that inserts
 * them.
 *
 * @throws EndedError
 */
export function checkEndedChannels(
  rows: readonly NewRow[],
  find: Find,
  { first = Number.MAX_SAFE_INTEGER, open = new Set() }: EndedChannelsOptions = {},
): void {
  checkEnds(
    rows.map(({ entry }) => entry),
    {
      endOf(channel) {
        if (open.has(channel)) return null;
        // Safe: these are columns of the tables, whose types the drivers keep.
        const end = find(END, channel, first) as Cursor | undefined;
        if (end !== undefined) return { epoch: end.epoch, seq: end.seq };
        open.add(channel);
        return null;
      },
      isRepeated: ({ channel, idempotencyKey }) =>
        idempotencyKey !== undefined && find(IS_REPEATED, channel, idempotencyKey, first) !== undefined,
    },
  );
}
