import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { endWithNpm, leaveSignals } from "./child.mjs";
import { build } from "./checks.mjs";
import { say, since } from "./say.mjs";
import { root } from "./workspace.mjs";

/**
 * Builds the chat and runs its server inside this process: whoever stops this process stops the server.
 * @param {"main.js" | "demo.js"} program the server, alone or with a few people in it
 */
export async function start(program) {
  const begin = performance.now();
  say("building packages, chat server and web page …");
  const code = await build(["--filter=@tidings-apps/chat-*"]);
  if (code !== 0) return code;
  say(`built (${since(begin)}); starting the chat server …`);

  leaveSignals();
  endWithNpm();
  await import(pathToFileURL(join(root, "apps/chat-server/dist", program)).href);
  return 0;
}
