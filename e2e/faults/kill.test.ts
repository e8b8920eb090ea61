import { join } from "node:path";
import Database from "libsql";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { freshFolder } from "../fresh-folder.ts";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { killUnderLoad, READERS, type KillReport } from "./killing.ts";
import { amount, PATIENCE, progress, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildProgram, buildServedHub } from "./program.ts";
import { ServerProcess, startHub } from "./server-process.ts";

const HUB_KILLS = amount(10, 200);
const LOBBY_KILLS = amount(50, 1_000);

/** A server that is listening again has 100 ms until every reader has an event, besides what the readers wait by themselves. */
const BAR = 150;

const tell = (kills: number) => (number: number) => {
  if (number % 20 === 0) progress(`${number} of ${kills} kills`);
};

function expectWorthIt(subject: string, { worst, p99, ...report }: KillReport): void {
  record(subject, { ...report, p99: `${p99.toFixed()} ms`, worst: `${worst.toFixed()} ms` });
  // Some were cut off indeed, or this would say little.
  expect(report.retried).toBeGreaterThan(report.kills);
  expect(report.acked).toBeGreaterThan(10 * report.kills);
  expect(report.deliveries).toBe(report.acked * READERS);
  // Ten times the bar, for a machine that has other things to do.
  expect(p99).toBeLessThan(10 * BAR);
}

test(
  `a hub that is killed ${HUB_KILLS} times under load loses nothing that was acknowledged, repeats nothing and keeps the order`,
  async () => {
    const program = await buildServedHub();
    const path = await freshFile();
    const hub = {
      start: () => startHub(program, { path }),
      post: (port: number, _poster: string, text: string, key: string) => postJson(port, "/publish", { text, key }),
      stored: () => storedTexts(path),
    };
    expectWorthIt("kill -9 of a hub on SQLite", await killUnderLoad(hub, HUB_KILLS, tell(HUB_KILLS)));
  },
  PATIENCE,
);

test(
  `the chat that is killed ${LOBBY_KILLS} times under load has every message of the lobby once at every reader, in the order of its rows`,
  async () => {
    const program = await buildProgram("apps/chat-server", "src/main.ts");
    const file = join(await freshFolder(), "chat.db");
    const variables = { TIDINGS_DB: file, TIDINGS_SECRET: "the same after every start", HOST: "127.0.0.1", PORT: "0" };
    const start = () => ServerProcess.start(program, [], variables);

    const first = await start();
    const signIn = async (name: string) => (await visit(`http://127.0.0.1:${first.port}`, name)).cookie;
    const reader = await signIn("reader");
    const cookies = new Map<string, string>();
    for (const poster of ["0", "1", "2", "3"]) cookies.set(poster, await signIn(`poster ${poster}`));
    await first.kill();

    const lobby = {
      start,
      post: (port: number, poster: string, text: string, idempotencyKey: string) =>
        postJson(
          port,
          "/api/rooms/lobby/messages",
          { text, idempotencyKey },
          {
            cookie: cookies.get(poster) ?? "",
          },
        ),
      reading: { path: "/events?channel=rooms/lobby", headers: { cookie: reader } },
      stored: async () => storedMessages(file),
    };
    expectWorthIt("kill -9 of the chat, lobby", await killUnderLoad(lobby, LOBBY_KILLS, tell(LOBBY_KILLS)));
  },
  PATIENCE,
);

/** The rows of the lobby, which are the application's own, beside the log. */
function storedMessages(file: string): string[] {
  const database = new Database(file);
  const rows = database.prepare("select said from messages where room_id = 'lobby' order by number").all();
  database.close();
  // Written by the chat, as JSON.
  return (rows as { said: string }[]).map(({ said }) => (JSON.parse(said) as { text: string }).text);
}
