import { test } from "vitest";
import { temporaryPath } from "../temporary-folder.ts";
import { expectGoodReport, reportProgress } from "./expect-good-kills.ts";
import { killUnderLoad } from "./kill-under-load.ts";
import { amount, PATIENCE } from "./long-run.ts";
import { chatLobby, hubLobby } from "./served-lobby.ts";

const HUB_KILLS = amount(10, 1_000);
const LOBBY_KILLS = amount(50, 1_000);

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
