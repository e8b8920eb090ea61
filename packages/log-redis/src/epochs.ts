import { KnownEpochs } from "@tidings/log/engine";
import type { Database } from "./database.ts";
import { LIST_EPOCHS } from "./scripts/read.ts";

/** The epochs of the log, of which the server remembers the newest ones. */
export function knownEpochs(database: Database): KnownEpochs {
  return new KnownEpochs(async () => {
    // The script answers with names and positions in turn.
    const list = (await database.read(LIST_EPOCHS, [])) as readonly (string | number)[];
    return Array.from({ length: list.length / 2 }, (_, index) => ({
      epoch: String(list[2 * index]),
      first: Number(list[2 * index + 1]),
    }));
  });
}
