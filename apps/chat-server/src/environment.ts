import { dirname, join } from "node:path";
import { readOrCreateSecret } from "./secret.ts";
import { serve, type ChatServer } from "./serve.ts";
import { readLogSetting } from "./storage/log-setting.ts";

/** The chat cannot start. The message alone explains it, so it is printed without a stack. */
class StartError extends Error {}

/** What an environment variable changes. */
export interface EnvironmentDefaults {
  /** The SQLite file, where the variables name none. @default "data/chat.db" */
  readonly database?: string;
}

/** Starts a chat with the settings of the environment variables. Returns its URL; null if it could not start. */
export async function startFromEnvironment(defaults: EnvironmentDefaults = {}): Promise<string | null> {
  try {
    // An empty variable counts as not set.
    const host = process.env["HOST"] || "127.0.0.1";
    const port = readPort(process.env["PORT"] || "3111");
    const server = await start(host, port, defaults);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => void server.close().then(() => process.exit(0)));
    }
    const serverUrl = toUrl(host, server.port);
    console.log(`Tidings chat is live at ${serverUrl}`);
    return serverUrl;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    return null;
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new StartError(`PORT must be a whole number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

function readProxies(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new StartError(`PROXIES must be a whole number from 0 to 99, not ${JSON.stringify(text)}.`);
}

/** Returns the hosts of the list. An address of this machine that the server listens on belongs to them. */
function readHosts(listensOn: string, list: string): string[] {
  const hosts = list.split(",").map((host) => host.trim());
  const isEvery = listensOn === "0.0.0.0" || listensOn === "::";
  const own = listensOn.includes(":") ? `[${listensOn}]` : listensOn;
  return [...hosts, isEvery ? "" : own].filter((host) => host !== "");
}

async function start(host: string, port: number, defaults: EnvironmentDefaults): Promise<ChatServer> {
  try {
    const file = process.env["TIDINGS_DB"] || defaults.database || "data/chat.db";
    const log = readLogSetting(process.env["TIDINGS_LOG"] ?? "", file);
    const folder = "path" in log && log.path !== ":memory:" ? dirname(log.path) : "data";
    const secret = process.env["TIDINGS_SECRET"] || readOrCreateSecret(join(folder, "chat.secret"));
    const hosts = readHosts(host, process.env["HOSTS"] ?? "");
    // The hub checks it.
    const heartbeat = Number(process.env["TIDINGS_HEARTBEAT"] || 15_000);
    const proxies = readProxies(process.env["PROXIES"] || "0");
    return await serve({ host, port, hosts, proxies, log, secret, heartbeat });
  } catch (error) {
    throw new StartError(explain(error, host, port), { cause: error });
  }
}

function explain(error: unknown, host: string, port: number): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken by another program; stop that one, or set PORT to a free one.`;
  }
  const cannotListen = "syscall" in error && (error.syscall === "listen" || error.syscall === "getaddrinfo");
  if (cannotListen) {
    const advice = "set HOST and PORT to an address of this machine";
    return `The chat cannot listen on port ${port} of ${host} (${error.message}); ${advice}.`;
  }
  return `The chat cannot start: ${error.message}`;
}

/** Returns the URL that a browser on this machine opens. */
function toUrl(host: string, port: number): string {
  if (host === "0.0.0.0" || host === "::") return `http://localhost:${port}`;
  const isIPv6 = host.includes(":");
  return isIPv6 ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}
