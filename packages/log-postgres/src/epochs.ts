import { KnownEpochs } from "@tidings/log/engine";
import type { Database } from "./database.ts";

/** The epochs of the log. */
export function knownEpochs(database: Database): KnownEpochs {
  return new KnownEpochs(async () => {
    const rows = await database.query(`select epoch, first from ${database.schema}.epoch order by number`, []);
    return rows.map((row) => ({ epoch: String(row["epoch"]), first: Number(row["first"]) }));
  });
}
