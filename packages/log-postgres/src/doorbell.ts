import { Doorbell, POLL_INTERVAL, type BellConnection } from "@tidings/log/engine";
import type { Clock } from "@tidings/protocol/clock";
import type pg from "pg";
import { endWithoutAnswer, type Database } from "./database.ts";

/** What hears of appends. */
interface DoorbellOptions {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly wake: () => void;
  /** Called when LISTEN turns out to hear nothing. */
  readonly warn: (warning: string) => void;
}

/** Hears of appends of every process by LISTEN. Behind a pooler of transactions, that hears nothing. */
export function createDoorbell(database: Database, { clock, wake, warn }: DoorbellOptions): Doorbell {
  return new Doorbell({
    clock,
    wake,
    connect: () => listeningConnection(database),
    isRefused: (error) => error instanceof SharedSessionError,
    ring: () => database.query("select pg_notify($1, '')", [database.name]),
    onDeaf: () =>
      warn(
        "LISTEN hears nothing, as behind a pooler that shares connections between transactions; new events of other " +
          `servers are found by polling, within ${POLL_INTERVAL} ms. Give the log a direct connection`,
      ),
  });
}

/** A pooler gives each statement of this connection a session of its own. */
class SharedSessionError extends Error {}

function listeningConnection(database: Database): BellConnection {
  const client = database.newClient();
  // Without a listener, the error of a lost connection ends the process; "end" follows.
  client.on("error", () => {});
  return {
    ended: new Promise((resolve) => void client.once("end", resolve)),
    async listen(hear) {
      client.on("notification", hear);
      await client.connect();
      endWithoutAnswer(client);
      await refuseSharedSession(client);
      await client.query(`listen ${database.schema}`);
    },
    close: () => client.end().catch(() => {}),
  };
}

/**
 * Refuses a session that does not keep its settings, since a pooler discards them after each transaction. LISTEN would
 * do harm there: PgBouncer takes a notification for the answer to its own `DISCARD ALL`, and then gives each client the
 * answer to an earlier statement.
 *
 * @throws SharedSessionError
 */
async function refuseSharedSession(client: pg.Client): Promise<void> {
  await client.query("select set_config('tidings.session', 'own', false)");
  const { rows } = await client.query<{ owner: string | null }>(
    "select current_setting('tidings.session', true) as owner",
  );
  if (rows[0]?.owner !== "own") throw new SharedSessionError("Expected a session of its own, got a shared one.");
}
