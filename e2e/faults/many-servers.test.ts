import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createBalancer } from "../../apps/chat-cluster/src/balancer.ts";
import { startServer } from "../../packages/log-postgres/test/test-server.ts";
import { buildChatProgram } from "../build-program.ts";
import { listen } from "../listen.ts";
import { createProxy } from "../tcp-proxy.ts";
import { PATIENCE } from "./long-run.ts";
import { Member } from "./member.ts";
import { startChatProcess } from "./server-process.ts";
import { ServerPair } from "./soak/server-pair.ts";

const KILLS = 10;
/** Milliseconds between two kills. */
const PAUSE = 300;
/** The bar for the first post after the database is back is a second. A busy machine gets ten times as long. */
const BACK = 10_000;
/** Milliseconds that everybody gets to hear everything. */
const TO_AGREE = { timeout: 60_000, interval: 50 };

/** The chat on two servers behind a balancer. The address of its database is that of a proxy, which can be moved. */
async function startCluster() {
  let database = await startServer();
  const wire = await createProxy(() => database.port);
  onTestFinished(() => wire.close());
  const program = await buildChatProgram();
  const log = `postgres://postgres@127.0.0.1:${wire.port}/postgres`;
  const servers = await ServerPair.start(() => startChatProcess(program, log));
  const balancer = createBalancer(() => servers.ports);
  const { port, close } = await listen(balancer);
  onTestFinished(() => void close());
  return {
    servers,
    url: `http://127.0.0.1:${port}`,
    database: () => database,
    /** Lets the address lead to another server. */
    moveTo: (other: typeof database): void => {
      database = other;
      wire.cut();
    },
    /** The texts of the lobby, as rows. */
    texts: async (): Promise<string[]> => {
      const rows = await database.query("select said from chat.messages where room_id = 'lobby' order by number");
      // The chat writes this column, as JSON.
      return rows.map(({ said }) => (JSON.parse(String(said)) as { text: string }).text);
    },
  };
}

test(
  `two people on two servers: ${KILLS} kills of a server, a kill of PostgreSQL and a failover lose and repeat nothing`,
  async () => {
    const { servers, url, database, moveTo, texts } = await startCluster();
    const people = [await Member.join("ada", url), await Member.join("bo", url)] as const;
    const [ada, bo] = people;
    /** Waits until everybody has heard all that is stored, and the same. */
    const untilAllAgree = async (): Promise<void> => {
      const stored = await texts();
      for (const person of people) await expect.poll(() => person.heard.length, TO_AGREE).toBe(stored.length);
      for (const { heard, surprises } of people) expect([heard, surprises]).toEqual([stored, []]);
    };
    await expect.poll(() => ada.online(), TO_AGREE).toEqual(["ada", "bo"]);
    const places = await database().query(
      "select distinct data::json ->> 'server' as server from tidings.entry where type = 'here'",
    );
    expect(places).toHaveLength(2);

    // A server is killed ten times.
    let isOver = false;
    const talking = people.map((person) => person.sayUntil(() => isOver));
    const cy = await Member.join("cy", url);
    await expect.poll(() => ada.online(), TO_AGREE).toEqual(["ada", "bo", "cy"]);
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill === KILLS - 1) cy.leave();
      await servers.kill();
      await delay(PAUSE);
    }
    isOver = true;
    await Promise.all(talking);
    await untilAllAgree();
    expect((await texts()).toSorted()).toEqual([...ada.said, ...bo.said].toSorted());

    // PostgreSQL is killed, and comes back.
    await database().kill();
    for (const path of ["messages", "typing"]) {
      const refused = await ada.visitor.request("POST", `/api/rooms/lobby/${path}`, { text: "away" });
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await refused.json()).toMatchObject({ detail: expect.stringMatching(/try again in a moment/) });
    }
    await database().start();
    let begun = performance.now();
    await ada.say("after the restart");
    console.log(`posts succeed ${Math.round(performance.now() - begun)} ms after PostgreSQL is back`);
    expect(performance.now() - begun).toBeLessThan(BACK);
    await untilAllAgree();
    expect(people.map(({ gaps }) => gaps)).toEqual([[], []]);

    // A standby that lacks the last messages becomes the primary.
    const standby = await database().startStandby();
    onTestFinished(() => standby.remove());
    await bo.say("kept");
    const { cursor: beforeLoss } = await ada.visitor.look();
    await standby.waitFor("select pg_last_wal_replay_lsn() >= $1::pg_lsn as done", [await database().position()]);
    await standby.query("alter system set primary_conninfo = ''");
    await standby.query("select pg_reload_conf()");
    await standby.waitFor("select not exists (select 1 from pg_stat_wal_receiver) as done");
    for (let lost = 0; lost < 3; lost++) await ada.say(`lost ${lost}`);
    await untilAllAgree();
    const { cursor: afterLoss } = await ada.visitor.look();
    await database().kill();
    await standby.promote();
    moveTo(standby);
    begun = performance.now();
    await bo.say("after the failover");
    console.log(`posts succeed ${Math.round(performance.now() - begun)} ms after the failover`);
    expect(performance.now() - begun).toBeLessThan(BACK);
    // Only who has seen what is lost gets a gap.
    for (const { gaps } of people) await expect.poll(() => gaps, TO_AGREE).toEqual(["lost"]);
    const gapAfter = async (cursor: string): Promise<unknown> => {
      const path = `/events?channel=rooms/lobby&after=${cursor}&protocol=1`;
      const answer = await fetch(url + path, { headers: { cookie: bo.visitor.cookie, accept: "application/json" } });
      return ((await answer.json()) as { gap?: unknown }).gap;
    };
    expect(await gapAfter(beforeLoss)).toBeUndefined();
    expect(await gapAfter(afterLoss)).toEqual({ channels: { "rooms/lobby": "lost" } });
    const stored = await texts();
    expect(stored.filter((text) => text.startsWith("lost"))).toEqual([]);
    expect(stored.slice(-2)).toEqual(["kept", "after the failover"]);
    // The snapshot has the newest 50 messages.
    for (const person of people) {
      await expect.poll(() => person.heard.slice(-50), TO_AGREE).toEqual(stored.slice(-50));
    }

    // Whoever left while their server died is gone after half a minute, and the others are still there.
    for (const { online } of people) await expect.poll(online, TO_AGREE).toEqual(["ada", "bo"]);
    await servers.untilStopped();
  },
  PATIENCE,
);
