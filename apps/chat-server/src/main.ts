import { dirname, join } from "node:path";
import { keepSecret } from "./secret.ts";
import { serve, type ChatServer } from "./serve.ts";

/** A start that cannot be: told in one sentence, without a stack. */
class StartError extends Error {}

/** Where the chat is live; null when it could not start. */
export const url = await live();

async function live(): Promise<string | null> {
  try {
    // An empty variable is one that is not set.
    const host = process.env["HOST"] || "127.0.0.1";
    const port = readPort(process.env["PORT"] || "3111");
    const server = await start(host, port);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => void server.close().then(() => process.exit(0)));
    }
    const liveAt = toUrl(host, server.port);
    console.log(`Tidings chat is live at ${liveAt}`);
    return liveAt;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    return null;
  }
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new StartError(`PORT must be a whole number from 0 to 65535, not ${JSON.stringify(text)}.`);
  }
  return Number(text);
}

async function start(host: string, port: number): Promise<ChatServer> {
  try {
    const database = process.env["TIDINGS_DB"] || "data/chat.db";
    const folder = database === ":memory:" ? "data" : dirname(database);
    const secret = process.env["TIDINGS_SECRET"] || keepSecret(join(folder, "chat.secret"));
    return await serve({ host, port, database, secret });
  } catch (error) {
    throw new StartError(explain(error, host, port), { cause: error });
  }
}

function explain(error: unknown, host: string, port: number): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  const listening = "syscall" in error && (error.syscall === "listen" || error.syscall === "getaddrinfo");
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken by another program; stop that one, or set PORT to a free one.`;
  }
  if (listening)
    return `The chat cannot listen on port ${port} of ${host} (${error.message}); set HOST and PORT to an address of this machine.`;
  return `The chat cannot start: ${error.message}`;
}

/** What a browser on this machine opens. */
function toUrl(host: string, port: number): string {
  if (host === "0.0.0.0" || host === "::") return `http://localhost:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
