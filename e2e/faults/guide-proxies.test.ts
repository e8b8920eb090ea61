// The configurations that the guide about proxies shows, in the proxies themselves.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { userInfo } from "node:os";
import { join } from "node:path";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { serveHub } from "../serve-hub.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { expectFlow } from "./expect-flow.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";
import { isListening } from "./is-listening.ts";

// A proxy is a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const guide = readFileSync(new URL("../../docs/guides/proxies.md", import.meta.url), "utf8");
/** The host that the guide has, and the hub behind it. */
const HOST = "example.com";
const HUB = "127.0.0.1:3000";

/** The first sample below a heading of the guide. */
function sampleOf(heading: string): string {
  const [, section = ""] = guide.split(`\n## ${heading}\n`);
  return /```\w*\n(.*?)```/s.exec(section)?.[1] ?? "";
}

/** How a proxy is started with what the guide shows of its configuration. It listens on a socket that is a file. */
interface Proxy {
  readonly heading: string;
  readonly programs: readonly string[];
  /** What stands around the sample, and its own host, where it has one. */
  readonly configOf: (sample: string, folder: string) => string;
  readonly argsOf: (config: string, folder: string) => readonly string[];
}

const PROXIES: readonly Proxy[] = [
  {
    heading: "nginx",
    programs: ["nginx", "/usr/sbin/nginx"],
    configOf: (sample, folder) => `
      daemon off;
      user ${userInfo().username};
      error_log stderr;
      pid ${folder}/nginx.pid;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        server { listen unix:${folder}/front.sock; ${sample} }
      }`,
    argsOf: (config, folder) => ["-p", folder, "-c", config],
  },
  {
    heading: "Caddy",
    programs: ["caddy"],
    // Without a certificate: the host is one of plain HTTP.
    configOf: (sample, folder) => `{
        admin off
      }
      ${sample.replace(`${HOST} {`, `http://${HOST} {\n  bind unix/${folder}/front.sock`)}`,
    argsOf: (config) => ["run", "--adapter", "caddyfile", "--config", config],
  },
];

const findProgram = ({ programs }: Proxy) => programs.find((name) => spawnSync(name, ["-v"]).error === undefined);
const installed = PROXIES.flatMap((proxy) => {
  const program = findProgram(proxy);
  if (program === undefined) console.warn(`No ${proxy.heading} on this machine: .ci/run installs it on Debian.`);
  return program === undefined ? [] : [[proxy.heading, proxy, program] as const];
});

/** Starts a proxy in front of a hub. Returns the proxy's socket. */
async function startProxy({ heading, configOf, argsOf }: Proxy, program: string, port: number): Promise<string> {
  const folder = await temporaryFolder();
  const sample = sampleOf(heading);
  expect(sample).toContain(HUB);
  const config = join(folder, "proxy.conf");
  writeFileSync(config, configOf(sample.replace(HUB, `127.0.0.1:${port}`), folder));
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const proxy: ChildProcess = spawn(program, argsOf(config, folder), { stdio: ["ignore", "ignore", "pipe"], env });
  let errorOutput = "";
  proxy.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errorOutput += chunk));
  const ended = once(proxy, "exit");
  onTestFinished(async () => {
    proxy.kill("SIGTERM");
    await ended;
  });
  const front = join(folder, "front.sock");
  const isReady = async (): Promise<boolean> => proxy.exitCode !== null || (await isListening(front));
  await expect.poll(isReady, { timeout: 20_000, interval: 10 }).toBe(true);
  if (proxy.exitCode !== null) throw new Error(`Expected a ${heading} that runs, got: ${errorOutput}`);
  return front;
}

test.for(installed)("behind %s, as the guide shows it, every frame arrives at once, also the last one", async (row) => {
  const [, proxy, program] = row;
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, heartbeat: 300_000 });
  const front = await startProxy(proxy, program, await serveHub(hub));
  const headers = { accept: "text/event-stream", "accept-encoding": "gzip", host: HOST };
  const request = get({ socketPath: front, path: LOBBY_STREAM, headers, agent: false });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect(response.headers["content-type"]).toBe("text/event-stream");
  await expectFlow(response.iterator({ destroyOnReturn: false }), (text) => hub.publish(lobby, "message", { text }));
  await hub.close();
  let rest = "";
  for await (const chunk of response) rest += String(chunk);
  expect(rest).toContain("event: bye");
});
