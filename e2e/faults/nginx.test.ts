import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, get, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { freshFolder } from "../fresh-folder.ts";
import { chat, LOBBY } from "./served-chat.ts";

// Each test starts processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const room = chat.room({ roomId: "lobby" });
/** Where Debian has it, which is not on everybody's path. */
const nginxBinary = ["nginx", "/usr/sbin/nginx"].find((name) => spawnSync(name, ["-v"]).error === undefined);
if (nginxBinary === undefined) {
  console.warn(
    "There is no nginx on this machine, so what is behind one is not tested; .ci/run installs it on Debian.",
  );
}

interface Way {
  readonly upstream: "1.0" | "1.1";
  readonly gzip: "on" | "off";
  readonly client: "h1" | "h2";
}

/** nginx as most have it, but for what the way asks for; all sockets are files, so no port is taken from anybody. */
const configOf = (folder: string, { upstream, gzip, client }: Way, more: string) => `
daemon off;
user ${userInfo().username};
worker_processes 1;
error_log stderr;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
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

/** A hub behind an nginx. Returns what asks for the lobby through it. */
async function start(way: Way, more = "") {
  const folder = await freshFolder();
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, heartbeat: 300_000 });
  const server = createServer(toNodeHandler(hub)).listen(join(folder, "hub.sock"));
  await once(server, "listening");
  const config = join(folder, "nginx.conf");
  writeFileSync(config, configOf(folder, way, more));
  const nginx = spawn(nginxBinary ?? "", ["-p", folder, "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  nginx.stderr.setEncoding("utf8").on("data", (complaint: string) => (said += complaint));
  const ended = once(nginx, "exit");
  onTestFinished(async () => {
    nginx.kill("SIGTERM");
    await ended;
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  const front = join(folder, "front.sock");
  await expect.poll(() => existsSync(front) || nginx.exitCode !== null, { timeout: 10_000, interval: 10 }).toBe(true);
  if (nginx.exitCode !== null) throw new Error(`Expected an nginx that runs, got: ${said}`);
  return { hub, front };
}

/** The lobby as a client gets it, uncompressed if need be. */
async function ask(
  front: string,
  client: Way["client"],
  accept = "text/event-stream",
): Promise<{ body: Duplex | IncomingMessage; encoding: unknown }> {
  const headers = { accept, "accept-encoding": "gzip" };
  if (client === "h1") {
    const request = get({ socketPath: front, path: LOBBY, headers, agent: false });
    onTestFinished(() => void request.destroy());
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const encoding = response.headers["content-encoding"];
    return { body: encoding === "gzip" ? response.pipe(createGunzip()) : response, encoding };
  }
  const session = connectHttp2("http://localhost", { createConnection: () => connect(front) });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": LOBBY, ...headers });
  const [head] = (await once(stream, "response")) as [Record<string, unknown>];
  const encoding = head["content-encoding"];
  return { body: encoding === "gzip" ? stream.pipe(createGunzip()) : stream, encoding };
}

/** Publishes each event when the last one has arrived: a frame that is held back would be waited for in vain. */
async function expectFlow(hub: Hub<typeof chat>, body: AsyncIterable<Buffer>): Promise<void> {
  let arrived = "";
  let next = 0;
  for await (const chunk of body) {
    arrived += chunk.toString("utf8");
    if (!arrived.includes(next === 0 ? "event: hello" : `{"text":"number ${next}"}`)) continue;
    if (next === 5) return;
    await hub.publish(room, "message", { text: `number ${++next}` });
  }
  throw new Error(`Expected five events, got the end after ${arrived}`);
}

const ways = (["1.0", "1.1"] as const).flatMap((upstream) =>
  (["on", "off"] as const).flatMap((gzip) =>
    (["h1", "h2"] as const).map((client): [Way["upstream"], Way["gzip"], Way["client"]] => [upstream, gzip, client]),
  ),
);

describe.runIf(nginxBinary !== undefined)("behind an nginx", () => {
  test.for(ways)(
    "that speaks HTTP/%s to us, with gzip %s, and %s to the client, every frame flows at once",
    async ([upstream, gzip, client]) => {
      const way = { upstream, gzip, client };
      const { hub, front } = await start(way);
      const { body, encoding } = await ask(front, way.client);
      expect(encoding).toBe(way.gzip === "on" ? "gzip" : undefined);
      await expectFlow(hub, body);
    },
  );

  // With chunks from us and no gzip, an nginx 1.22 passes everything on by itself.
  test.for(ways.filter(([upstream, gzip]) => upstream === "1.0" || gzip === "on"))(
    "that speaks HTTP/%s to us, with gzip %s, and %s to the client, it is X-Accel-Buffering that makes them flow",
    async ([upstream, gzip, client]) => {
      const way = { upstream, gzip, client };
      const { hub, front } = await start(way, "proxy_ignore_headers X-Accel-Buffering;");
      let arrived = "";
      const read = async () => {
        // Not even the head of the answer need come.
        const { body } = await ask(front, way.client);
        for await (const chunk of body) arrived += String(chunk);
      };
      const reading = read();
      await expect.poll(() => hub.stats().connections, { timeout: 10_000 }).toBe(1);
      for (let number = 1; number <= 5; number++) await hub.publish(room, "message", { text: `number ${number}` });
      // Whatever else is asked of it meanwhile, it answers; the events it has, and keeps.
      for (let number = 1; number <= 5; number++) {
        const page = await ask(front, way.client, "application/json");
        expect(await text(page.body)).toContain('"cursor"');
      }
      expect(arrived).toBe("");
      await hub.close();
      await reading;
      expect(arrived).toContain("number 5");
    },
  );
});
