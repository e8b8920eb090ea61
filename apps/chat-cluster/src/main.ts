// The chat on several servers, started with `npm run cluster`.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Cluster } from "./cluster.ts";

const { HOST: host = "127.0.0.1", PORT: port = "3111" } = process.env;
const folder = dirname(createRequire(import.meta.url).resolve("@tidings-apps/chat-server/package.json"));
const cluster = new Cluster({ program: join(folder, "dist", "main.js"), host, port: Number(port), say: console.log });

let stopping: Promise<void> | null = null;
async function stop(): Promise<void> {
  await cluster.stop();
  process.exit();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void (stopping ??= stop()));

try {
  await cluster.start();
} catch (error) {
  console.error(`The cluster cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
  await (stopping ??= stop());
}
