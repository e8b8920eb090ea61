import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readLogSetting } from "../../chat-server/src/storage/log-setting.ts";

// There may be no Docker where these tests run. So they check what the files for it say about the rest of the chat.

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: object;
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
const { services } = parse(composed) as { services: Readonly<Record<string, Service>> };
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

test("PostgreSQL counts as healthy when other machines reach it: the first start is on a socket of its own", () => {
  expect(postgres.healthcheck?.test.join(" ")).toMatch(/^CMD pg_isready .*-h 127\.0\.0\.1/);
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
