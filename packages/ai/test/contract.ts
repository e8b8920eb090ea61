import { channel, defineContract } from "@tidings/contract";
import { activeRun, runChannel } from "../src/index.ts";

export const ai = defineContract({
  chat: channel("chats/:chatId", { activeRun }),
  run: runChannel("chats/:chatId/runs/:runId"),
});
