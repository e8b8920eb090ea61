import { expect, test } from "vitest";
import { temporaryPath } from "../temporary-folder.ts";
import { killUnderLoad, READERS, type KillReport, type Times } from "./kill-under-load.ts";
import { chatLobby, hubLobby } from "./served-lobby.ts";
import { amount, PATIENCE, progress, record } from "./long-run.ts";

const HUB_KILLS = amount(10, 1_000);
const LOBBY_KILLS = amount(50, 1_000);

/** Milliseconds from a server that listens to an event at every reader: 100, and the 50 of a reader's backoff. */
const BAR = 150;

const reportProgress = (kills: number) => (number: number) => {
  if (number % 20 === 0) progress(`${number} of ${kills} kills`);
};

const formatTimes = ({ p50, p99, worst }: Times): string => `${p50.toFixed()}, ${p99.toFixed()}, ${worst.toFixed()} ms`;

/** Records the report, and expects that the load was heavy enough and the restarts fast enough. */
function expectGoodReport(subject: string, { start, first, answer, ...report }: KillReport): void {
  record(subject, {
    ...report,
    "to a new start": formatTimes(start),
    "to the first event": formatTimes(first),
    "of which to an answer": formatTimes(answer),
  });
  // If no posts were cut off, the test would prove little.
  expect(report.retried).toBeGreaterThan(report.kills);
  expect(report.acked).toBeGreaterThan(10 * report.kills);
  expect(report.deliveries).toBe(report.acked * READERS);
  // Ten times the bar, for a busy machine.
  expect(first.p99).toBeLessThan(10 * BAR);
}

test(
  `a hub that is killed ${HUB_KILLS} times under load loses no acknowledged event, repeats none and keeps the order`,
  async () => {
    const lobby = await hubLobby(await temporaryPath());
    expectGoodReport("kill -9 of a hub on SQLite", await killUnderLoad(lobby, HUB_KILLS, reportProgress(HUB_KILLS)));
  },
  PATIENCE,
);

test(
  `over ${LOBBY_KILLS} kills of the chat under load, every reader gets every message once, in the order of the rows`,
  async () => {
    const lobby = await chatLobby(await temporaryPath("chat.db"));
    expectGoodReport(
      "kill -9 of the chat, lobby",
      await killUnderLoad(lobby, LOBBY_KILLS, reportProgress(LOBBY_KILLS)),
    );
  },
  PATIENCE,
);
