import Database from "libsql";
import { visit } from "../chat.ts";
import { storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildChat, buildServedHub } from "./program.ts";
import type { RawReaderOptions } from "./raw-reader.ts";
import { startChatProcess, startHub, type ServerProcess } from "./server-process.ts";

/** Whose texts {@link Lobby.post} takes. */
export const POSTERS = ["ada", "bo", "cy", "di"] as const;

/** A room that a server keeps in a file, whichever program the server is. It may be started again and again. */
export interface Lobby {
  readonly start: () => Promise<ServerProcess>;
  /** Posts a text as one of the posters. A key that is known is the text that it came with. */
  readonly post: (port: number, poster: (typeof POSTERS)[number], text: string, key: string) => Promise<unknown>;
  readonly reading: RawReaderOptions;
  /** Every text that is in the file, in its order. */
  readonly stored: () => Promise<string[]>;
}

/** The lobby of served-hub.ts: nothing but a hub on a SQLite log. */
export async function lobbyOfHub(path: string): Promise<Lobby> {
  const program = await buildServedHub();
  return {
    start: () => startHub(program, { path }),
    post: (port, _poster, text, key) => postJson(port, "/publish", { text, key }),
    reading: {},
    stored: () => storedTexts(path),
  };
}

/** That of the chat, whose rows and events are one file. */
export async function lobbyOfChat(path: string): Promise<Lobby> {
  const program = await buildChat();
  const start = () => startChatProcess(program, path);

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
    reading: { path: "/events?channel=rooms/lobby", headers: { cookie: reader } },
    stored: async () => storedMessages(path),
  };
}

/** The rows of the lobby, which are the application's own, beside the log. */
function storedMessages(path: string): string[] {
  const database = new Database(path);
  const rows = database.prepare("select said from messages where room_id = 'lobby' order by number").all();
  database.close();
  // Written by the chat, as JSON.
  return (rows as { said: string }[]).map(({ said }) => (JSON.parse(said) as { text: string }).text);
}
