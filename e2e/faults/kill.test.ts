import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder } from "../fresh-folder.ts";
import { freshFile } from "./fresh-file.ts";
import { killUnderLoad, READERS, type KillReport, type Times } from "./killing.ts";
import { lobbyOfChat, lobbyOfHub } from "./lobby.ts";
import { amount, PATIENCE, progress, record } from "./long-run.ts";

const HUB_KILLS = amount(10, 1_000);
const LOBBY_KILLS = amount(50, 1_000);

/** A server that is listening again has 100 ms until every reader has an event, besides what the readers wait by themselves. */
const BAR = 150;

const tell = (kills: number) => (number: number) => {
  if (number % 20 === 0) progress(`${number} of ${kills} kills`);
};

const tellTimes = ({ p50, p99, worst }: Times): string => `${p50.toFixed()}, ${p99.toFixed()}, ${worst.toFixed()} ms`;

function expectWorthIt(subject: string, { start, first, answer, ...report }: KillReport): void {
  record(subject, {
    ...report,
    "to a new start": tellTimes(start),
    "to the first event": tellTimes(first),
    "of which to an answer": tellTimes(answer),
  });
  // Some were cut off indeed, or this would say little.
  expect(report.retried).toBeGreaterThan(report.kills);
  expect(report.acked).toBeGreaterThan(10 * report.kills);
  expect(report.deliveries).toBe(report.acked * READERS);
  // Ten times the bar, for a machine that has other things to do.
  expect(first.p99).toBeLessThan(10 * BAR);
}

test(
  `a hub that is killed ${HUB_KILLS} times under load loses nothing that was acknowledged, repeats nothing and keeps the order`,
  async () => {
    const lobby = await lobbyOfHub(await freshFile());
    expectWorthIt("kill -9 of a hub on SQLite", await killUnderLoad(lobby, HUB_KILLS, tell(HUB_KILLS)));
  },
  PATIENCE,
);

test(
  `the chat that is killed ${LOBBY_KILLS} times under load has every message of the lobby once at every reader, in the order of its rows`,
  async () => {
    const lobby = await lobbyOfChat(join(await freshFolder(), "chat.db"));
    expectWorthIt("kill -9 of the chat, lobby", await killUnderLoad(lobby, LOBBY_KILLS, tell(LOBBY_KILLS)));
  },
  PATIENCE,
);
