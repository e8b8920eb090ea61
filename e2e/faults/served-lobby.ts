import type { EventLog } from "@tidings/log";
import { visit } from "../chat.ts";
import { storedMessages } from "../stored-messages.ts";
import { storedTexts, textsIn } from "./stored-texts.ts";
import { postJson } from "./post-json.ts";
import { buildChatProgram, buildHubProgram } from "../build-program.ts";
import type { ResumingReaderOptions } from "./resuming-reader.ts";
import { startChatProcess, startHubProcess, type ServerProcess } from "./server-process.ts";

/** The people who may {@link ServedLobby.post}. */
export const POSTERS = ["ada", "bo", "cy", "di"] as const;

/** The lobby of a server that stores it elsewhere. The server can be started again and again. */
export interface ServedLobby {
  readonly start: () => Promise<ServerProcess>;
  /** Posts a text as one of the posters. Posting again with a known key stores nothing. */
  readonly post: (port: number, poster: (typeof POSTERS)[number], text: string, key: string) => Promise<unknown>;
  /** What a reader of the lobby needs. */
  readonly readerOptions: ResumingReaderOptions;
  /** Reads every text that is stored, in its order. */
  readonly storedTexts: () => Promise<string[]>;
}

/** The lobby of hub-program.ts: a hub on a SQLite log. */
export async function hubLobby(path: string): Promise<ServedLobby> {
  const program = await buildHubProgram();
  return {
    start: () => startHubProcess(program, { path }),
    post: (port, _poster, text, key) => postJson(port, "/publish", { text, key }),
    readerOptions: {},
    storedTexts: () => storedTexts(path),
  };
}

/** The same hub on a log in PostgreSQL or Redis. @param openLog opens that log in this process */
export async function hubLobbyAt(url: string, openLog: () => Promise<EventLog>): Promise<ServedLobby> {
  const program = await buildHubProgram();
  return {
    start: () => startHubProcess(program, { url }),
    post: (port, _poster, text, key) => postJson(port, "/publish", { text, key }),
    readerOptions: {},
    storedTexts: async () => textsIn(await openLog()),
  };
}

/** The lobby of the chat, whose rows and events are in one file. */
export async function chatLobby(path: string): Promise<ServedLobby> {
  const program = await buildChatProgram();
  const start = () => startChatProcess(program, `sqlite:${path}`);

  const first = await start();
  const signIn = async (name: string) => (await visit(`http://127.0.0.1:${first.port}`, name)).cookie;
  const reader = await signIn("reader");
  const cookies = new Map<string, string>();
  for (const poster of POSTERS) cookies.set(poster, await signIn(poster));
  await first.kill();
  return {
    start,
    post(port, poster, text, idempotencyKey) {
      const headers = { cookie: cookies.get(poster) ?? "" };
      return postJson(port, "/api/rooms/lobby/messages", { text, idempotencyKey }, headers);
    },
    readerOptions: { path: "/events?channel=rooms/lobby", headers: { cookie: reader } },
    storedTexts: async () => storedMessages(path),
  };
}
