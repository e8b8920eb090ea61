// The chat server with an assistant that counts, and goes on for longer than any test.
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@tidings-apps/chat-server";
import { ANSWER_LEASE, SECRET } from "./chat-answers.ts";

const server = await serve({
  host: "127.0.0.1",
  port: 0,
  log: { kind: "sqlite", path: "chat.db" },
  secret: SECRET,
  answerLease: ANSWER_LEASE,
  model: async function* () {
    for (let number = 1; ; number++) {
      await sleep(20);
      yield `${number} `;
    }
  },
});
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
console.log(`Tidings chat is live at http://127.0.0.1:${server.port}`);
