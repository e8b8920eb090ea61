import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, get, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { expectFlow } from "./expect-flow.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";
import { isListening } from "./is-listening.ts";

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** Debian has it in a folder that is not on the path of every user. */
const nginxBinary = ["nginx", "/usr/sbin/nginx"].find((name) => spawnSync(name, ["-v"]).error === undefined);
if (nginxBinary === undefined) {
  console.warn(
    "The tests behind an nginx are skipped, since there is none on this machine; .ci/run installs it on Debian.",
  );
}

/** How requests get from a client to the hub. */
interface Route {
  readonly upstream: "1.0" | "1.1";
  readonly gzip: "on" | "off";
  readonly client: "h1" | "h2";
}

/** A configuration. All sockets are files in the folder, so that no port is used. */
type Config = (folder: string) => string;

const mainOf: Config = (folder) => `
daemon off;
user ${userInfo().username};
worker_processes 1;
error_log stderr;
pid ${folder}/nginx.pid;`;

const httpOf: Config = (folder) => `
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;`;

/** The usual configuration, apart from what the route needs. */
const configOf =
  ({ upstream, gzip, client }: Route, more = ""): Config =>
  (folder) =>
    `
${mainOf(folder)}
events {}
http {
  ${httpOf(folder)}
  gzip ${gzip}; gzip_types *; gzip_proxied any; gzip_min_length 0;
  server {
    listen unix:${folder}/front.sock ${client === "h2" ? "http2" : ""};
    location / {
      proxy_pass http://unix:${folder}/hub.sock;
      proxy_http_version ${upstream};
      ${upstream === "1.1" ? 'proxy_set_header Connection "";' : ""}
      ${more}
    }
  }
}
`;

const COMPOSED = readFileSync(join(import.meta.dirname, "../../apps/nginx.conf"), "utf8");

/** That of the compose file. Only its servers are elsewhere, so it asks no name server. */
const composedConfig: Config = (folder) =>
  mainOf(folder) +
  COMPOSED.replace(/resolver .*/, httpOf(folder))
    .replace("server chat:3111 resolve", `server unix:${folder}/hub.sock`)
    .replace("listen 80;", `listen unix:${folder}/front.sock;`);

/** Starts a hub behind an nginx. Returns the socket of the nginx. */
async function start(makeConfig: Config) {
  const folder = await temporaryFolder();
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, heartbeat: 300_000 });
  const server = createServer(toNodeHandler(hub)).listen(join(folder, "hub.sock"));
  await once(server, "listening");
  const config = join(folder, "nginx.conf");
  writeFileSync(config, makeConfig(folder));
  const nginx = spawn(nginxBinary ?? "", ["-p", folder, "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let errorOutput = "";
  nginx.stderr.setEncoding("utf8").on("data", (chunk: string) => (errorOutput += chunk));
  const ended = once(nginx, "exit");
  onTestFinished(async () => {
    nginx.kill("SIGTERM");
    await ended;
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  const front = join(folder, "front.sock");
  const isReady = async (): Promise<boolean> => nginx.exitCode !== null || (await isListening(front));
  await expect.poll(isReady, { timeout: 10_000, interval: 10 }).toBe(true);
  if (nginx.exitCode !== null) throw new Error(`Expected an nginx that runs, got: ${errorOutput}`);
  return { hub, front };
}

/** Requests the lobby. Returns the body, uncompressed, and the encoding that it had. */
async function requestLobby(
  front: string,
  client: Route["client"],
  accept = "text/event-stream",
): Promise<{ body: Duplex | IncomingMessage; encoding: unknown }> {
  const headers = { accept, "accept-encoding": "gzip" };
  if (client === "h1") {
    const request = get({ socketPath: front, path: LOBBY_STREAM, headers, agent: false });
    onTestFinished(() => void request.destroy());
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const encoding = response.headers["content-encoding"];
    return { body: encoding === "gzip" ? response.pipe(createGunzip()) : response, encoding };
  }
  const session = connectHttp2("http://localhost", { createConnection: () => connect(front) });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": LOBBY_STREAM, ...headers });
  const [head] = (await once(stream, "response")) as [Record<string, unknown>];
  const encoding = head["content-encoding"];
  return { body: encoding === "gzip" ? stream.pipe(createGunzip()) : stream, encoding };
}

const routes = (["1.0", "1.1"] as const).flatMap((upstream) =>
  (["on", "off"] as const).flatMap((gzip) =>
    (["h1", "h2"] as const).map((client): [Route["upstream"], Route["gzip"], Route["client"]] => [
      upstream,
      gzip,
      client,
    ]),
  ),
);

describe.runIf(nginxBinary !== undefined)("behind an nginx", () => {
  test.for(routes)(
    "with HTTP/%s to the hub, gzip %s and %s to the client, every frame arrives at once",
    async ([upstream, gzip, client]) => {
      const route = { upstream, gzip, client };
      const { hub, front } = await start(configOf(route));
      const { body, encoding } = await requestLobby(front, route.client);
      expect(encoding).toBe(route.gzip === "on" ? "gzip" : undefined);
      await expectFlow(body, (message) => hub.publish(lobby, "message", { text: message }));
    },
  );

  test("with the configuration of the compose file, every frame arrives at once", async () => {
    const { hub, front } = await start(composedConfig);
    const { body } = await requestLobby(front, "h1");
    await expectFlow(body, (message) => hub.publish(lobby, "message", { text: message }));
  });

  // With chunks from the hub and without gzip, an nginx 1.22 forwards everything at once by itself.
  test.for(routes.filter(([upstream, gzip]) => upstream === "1.0" || gzip === "on"))(
    "with HTTP/%s to the hub, gzip %s and %s to the client, no frame arrives at once without X-Accel-Buffering",
    async ([upstream, gzip, client]) => {
      const route = { upstream, gzip, client };
      const { hub, front } = await start(configOf(route, "proxy_ignore_headers X-Accel-Buffering;"));
      let arrived = "";
      const read = async () => {
        // Not even the head of the answer has to come.
        const { body } = await requestLobby(front, route.client);
        for await (const chunk of body) arrived += String(chunk);
      };
      const reading = read();
      await expect.poll(() => hub.stats().connections, { timeout: 10_000 }).toBe(1);
      for (let number = 1; number <= 5; number++) await hub.publish(lobby, "message", { text: `number ${number}` });
      // Meanwhile nginx answers other requests, but holds the events back.
      for (let number = 1; number <= 5; number++) {
        const page = await requestLobby(front, route.client, "application/json");
        expect(await text(page.body)).toContain('"cursor"');
      }
      expect(arrived).toBe("");
      await hub.close();
      await reading;
      expect(arrived).toContain("number 5");
    },
  );
});
