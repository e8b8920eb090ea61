// The server and the page share it.
import { activeRun, runChannel } from "@tidings/ai";
import { channel, defineContract } from "@tidings/contract";

export const ai = defineContract({
  chat: channel("chats/:chatId", { activeRun }), //       which run is active; put events of your own beside it
  run: runChannel("chats/:chatId/runs/:runId"), //        the chunks of one answer, and its end
});
