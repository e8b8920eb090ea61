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

/**
 * Checks that no entry of a batch comes after the end of its channel. It has to run in the transaction that inserts
 * them.
 *
 * @param first the `seq` of the first entry of the batch, if they are inserted already
 * @throws EndedError
 */
export function checkEndedChannels(rows: readonly NewRow[], find: Find, first = Number.MAX_SAFE_INTEGER): void {
  checkEnds(
    rows.map(({ entry }) => entry),
    {
      // Safe: these are columns of the tables, whose types the drivers keep.
      endOf: (channel) => (find(END, channel, first) as Cursor | undefined) ?? null,
      isRepeated: ({ channel, idempotencyKey }) =>
        idempotencyKey !== undefined && find(IS_REPEATED, channel, idempotencyKey, first) !== undefined,
    },
  );
}
