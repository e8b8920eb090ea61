import type { EventLog } from "@tidings/log";
import { onTestFinished } from "vitest";
import type { PostgresServer } from "../test/postgres-server.ts";
import { reliable } from "../../log/test/entries.ts";
import type { FailedOver } from "../../log/test/failed-over.ts";

interface Promoted extends FailedOver {
  /** The standby that has become the primary. */
  readonly promoted: PostgresServer;
}

/** Fails over to a standby that lacks the last five entries, which were acknowledged. */
export async function failOver(primary: PostgresServer, log: EventLog): Promise<Promoted> {
  const standby = await primary.startStandby();
  onTestFinished(() => standby.remove());
  for (let n = 0; n < 20; n++) await log.append([reliable("a", `"kept ${n}"`)]);
  const laggard = await log.head();
  await standby.waitFor("select pg_last_wal_replay_lsn() >= $1::pg_lsn as done", [await primary.position()]);
  // The standby stops following.
  await standby.query("alter system set primary_conninfo = ''");
  await standby.query("select pg_reload_conf()");
  await standby.waitFor("select not exists (select 1 from pg_stat_wal_receiver) as done");
  for (let n = 0; n < 5; n++) await log.append([reliable("a", `"lost ${n}"`)]);
  const reader = await log.head();
  await primary.kill();
  await standby.promote();
  return { laggard, reader, promoted: standby };
}
