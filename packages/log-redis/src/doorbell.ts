import { Doorbell, POLL_INTERVAL, type BellConnection } from "@tidings/log/engine";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";

/** What hears of appends. */
interface DoorbellOptions {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly wake: () => void;
  /** Called when a subscription turns out to hear nothing. */
  readonly warn: (warning: string) => void;
}

/** Hears of appends of every process by SUBSCRIBE. With some proxies and rights of users, that hears nothing. */
export function createDoorbell(database: Database, { clock, wake, warn }: DoorbellOptions): Doorbell {
  return new Doorbell({
    clock,
    wake,
    connect: () => subscribedConnection(database),
    ring: () => database.send("publish", [database.bell, ""]),
    isRefused,
    onDeaf: () =>
      warn(
        "SUBSCRIBE hears nothing, so new events of other servers are found by polling, within " +
          `${POLL_INTERVAL} ms. Give the log's user the right to the channel ${database.bell}, a server with the ` +
          "commands SUBSCRIBE and PUBLISH, and a direct connection to it",
      ),
  });
}

function subscribedConnection(database: Database): BellConnection {
  const client = database.newClient();
  return {
    ended: new Promise((resolve) => void client.once("end", () => resolve())),
    async listen(hear) {
      client.on("message", hear);
      await client.connect();
      await client.subscribe(database.bell);
    },
    close: () => client.disconnect(),
  };
}

/** Whether the server has answered that it does not allow this, or does not know the command. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message);
}
