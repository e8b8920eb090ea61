import { Doorbell, POLL_INTERVAL, type BellConnection } from "@tidings/log/engine";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";

/** What hears of appends. */
interface DoorbellOptions {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly ring: () => void;
  /** Called when LISTEN turns out to hear nothing. */
  readonly warn: (warning: string) => void;
}

/** Hears of appends of every process by LISTEN. Behind a pooler of transactions, that hears nothing. */
export function createDoorbell(database: Database, { clock, ring, warn }: DoorbellOptions): Doorbell {
  return new Doorbell({
    clock,
    ring,
    connect: () => listeningConnection(database),
    ringOnce: () => database.query("select pg_notify($1, '')", [database.name]),
    onDeaf: () =>
      warn(
        "LISTEN hears nothing, as behind a pooler that shares connections between transactions; new events of other " +
          `servers are found by polling, within ${POLL_INTERVAL} ms. Give the log a direct connection`,
      ),
  });
}

function listeningConnection(database: Database): BellConnection {
  const client = database.newClient();
  // Without a listener, the error of a lost connection ends the process; "end" follows.
  client.on("error", () => {});
  return {
    ended: new Promise((resolve) => void client.once("end", resolve)),
    async listen(hear) {
      client.on("notification", hear);
      await client.connect();
      await client.query(`listen ${database.schema}`);
    },
    close: () => client.end().catch(() => {}),
  };
}
