import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { binary, endWithNpm, leaveSignals, startNode, stop } from "./child.mjs";
import { say } from "./say.mjs";
import { root } from "./workspace.mjs";

/** Paths that the page asks the chat server for; everything else is the page itself, served from its sources. */
const serverPaths = ["/events", "/api", "/healthz"];

/**
 * The page on PORT (vite, hot reload), the server behind it on a free port (restarted by tsx on change). Both read the
 * packages from their sources, so a change there reloads both; nothing is built.
 */
export async function develop() {
  const host = process.env.HOST ?? "127.0.0.1";
  const port = Number(process.env.PORT ?? 3111);
  const serverPort = await freePort();

  say("starting the chat server from its sources …");
  const server = startNode(
    [
      binary("tsx"),
      "watch",
      "--clear-screen=false",
      "--conditions=@tidings/source",
      join(root, "apps/chat-server/src/main.ts"),
    ],
    // Not our stdin: tsx would restart on every Enter.
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, HOST: "127.0.0.1", PORT: String(serverPort) } },
  );
  // Marked as the server's: the URL that it prints is not the one of the page.
  if (server.stdout !== null) createInterface(server.stdout).on("line", (line) => console.log(`server: ${line}`));

  const web = join(root, "apps/chat-web");
  const target = `http://127.0.0.1:${serverPort}`;
  // Imported late: before the set-up it is not there.
  const vite = await import("vite");
  const page = await vite.createServer({
    root: web,
    resolve: { conditions: ["@tidings/source", ...vite.defaultClientConditions] },
    server: { host, port, strictPort: true, proxy: Object.fromEntries(serverPaths.map((path) => [path, { target }])) },
  });

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await Promise.all([stop(server), page.close()]);
    process.exit();
  };
  leaveSignals();
  endWithNpm();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void end());
  server.once("exit", () => void end());

  try {
    await page.listen();
  } catch (error) {
    await stop(server);
    throw error;
  }
  say(`the chat, reloading on change: http://${host}:${port}`);
  return 0;
}

/** A free port of this moment; the server behind the page is asked for on it a moment later. */
async function freePort() {
  const listener = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === "string") throw new Error("The system gave no free port.");
  return address.port;
}
