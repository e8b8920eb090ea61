import { setTimeout as sleep } from "node:timers/promises";
import type { Need, OpenLog } from "@tidings/log/conformance";
import { systemClock } from "@tidings/protocol/clock";
import { postgresLog } from "../src/postgres-log.ts";
import { onConnection } from "./connection.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { emptySchema, server, startServer } from "./test-server.ts";

/** Replaces functions of the schema of a log. */
export type Break = (schema: string) => string;

const OF_SERVER: ReadonlySet<Need> = new Set(["restart", "loseSuffix"]);

/**
 * Opens logs for the conformance suite: on the server that all files share, or on one of its own.
 *
 * @param breakIt breaks the log before it is used. @default it is as it should be
 */
export function openEngine(breakIt: Break | null = null): OpenLog {
  return async (options, needs) => {
    const own = needs.some((need) => OF_SERVER.has(need)) ? await startServer() : null;
    const url = own?.url ?? server.url;
    // A schema that was broken is used by nobody else.
    const schema = own === null && breakIt === null ? await emptySchema() : server.newSchema();
    const open = (clock = systemClock) => postgresLog(url, { ...options, schema, clock });
    const log = await open();
    if (breakIt !== null) await query(url, breakIt(schema));
    return {
      log,
      another: () => open(),
      reopen: () => open(),
      skewed: (ahead) => open({ ...systemClock, now: () => systemClock.now() + ahead }),
      async cutDoorbell() {
        const listening = `application_name = 'tidings' and query = 'listen "${schema}"'`;
        const cut = `select pg_terminate_backend(pid) from pg_stat_activity where ${listening}`;
        while ((await query(url, cut)) === 0) await sleep(20);
      },
      ...(own !== null && controlsOf(own)),
    };
  };
}

function controlsOf(own: PostgresServer) {
  return {
    async restart(): Promise<void> {
      await own.kill();
      await own.start();
    },
    loseSuffix: (append: () => Promise<unknown>) => own.recoverFromBefore(append),
  };
}

/** Runs a statement on a connection of its own. Returns the number of rows. */
async function query(url: string, text: string): Promise<number> {
  const { rowCount } = await onConnection(url, (client) => client.query(text));
  return rowCount ?? 0;
}
