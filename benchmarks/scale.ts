import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle, THIS_CLONE } from "./speed/bundle.ts";
import { candidates, type CandidateName } from "./speed/candidates.ts";
import { buildLoader, LoaderProcess } from "./speed/loader-process.ts";
import { ServerProcess } from "./speed/server-process.ts";
import { TEXT_BYTES } from "./speed/event.ts";

// As many streams as this machine can hold: `npm run bench:scale`, or `npm run bench:scale -- --connections 5000`.
//
// It reads the limits of the machine, says what they allow, and opens so many streams: first in one process, then in
// several processes on one SQLite log. It reports memory, and how long an event takes to all of them.

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100000" },
    server: { type: "string", default: "tidings-sqlite" },
  },
});
const wanted = Number(values.connections);
const name = values.server as CandidateName;
if (!(wanted >= 1) || !(name in candidates)) {
  throw new Error(`Expected a number of connections and a server, got "${values.connections}" and "${values.server}".`);
}

/** Descriptors that a process needs for other things than streams. */
const OTHER_DESCRIPTORS = 1_000;
/** What a stream may take here with its client and its place in the kernel, in bytes. */
const STREAM_BYTES = 24 * 1024;
/** The ports of a client for one address and port of a server. Each process has a port of its own. */
const MOST_PORTS = 28_000;
/** The loader's own limit. */
const MOST_OF_LOADER = 20_000;
const EVENTS = 5;

const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
const descriptors = limit === "unlimited" ? Infinity : Number(limit);
const perProcess = Math.min(descriptors - OTHER_DESCRIPTORS, MOST_PORTS, MOST_OF_LOADER);
const byMemory = Math.floor(freemem() / 2 / STREAM_BYTES);
const most = Math.min(wanted, byMemory);
const processes = Math.ceil(most / perProcess);
console.log(`${limit} descriptors a process: ${perProcess} streams in one process.`);
console.log(`${Math.round(freemem() / 1024 ** 2)} MB free: ${byMemory} streams in half of it.`);
console.log(
  `${most} of ${wanted} streams can be opened, in ${processes} processes on ${availableParallelism()} cores.`,
);

const program = await bundle("server.ts", "scale", THIS_CLONE);
const loader = await buildLoader();

/** Opens streams in so many processes on one log, publishes to all of them, and reports. */
async function measure(count: number, total: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tidings-scale-"));
  const servers: ServerProcess[] = [];
  for (let index = 0; index < count; index++) {
    servers.push(await ServerProcess.start({ label: name, name, program, size: 0 }, folder));
  }
  const before = await Promise.all(servers.map((server) => server.settledUsage()));
  const loaders = servers.map(({ port, request }) => new LoaderProcess(loader, port, request));
  const share = Math.ceil(total / count);
  const startedAt = performance.now();
  const opened = await Promise.all(loaders.map((each) => each.connect(share)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const open = opened.reduce((sum, each) => sum + each.open, 0);
  const after = await Promise.all(servers.map((server) => server.settledUsage()));
  const grown = after.reduce((sum, { rss }, index) => sum + rss - (before[index]?.rss ?? 0), 0);
  const collecting = loaders.map((each) => each.collect(EVENTS * share, 20_000));
  await servers[0]?.publish({ turns: EVENTS, perTurn: 1, perSecond: 0.5, bytes: TEXT_BYTES });
  const collected = await Promise.all(collecting);
  const events = collected.reduce((sum, each) => sum + each.events, 0);
  const slowest = (of: "p50" | "p99"): string =>
    `${Math.round(Math.max(...collected.map((each) => each[of])) / 1_000)} ms`;
  console.log(`\n${open} streams in ${count} process${count === 1 ? "" : "es"}, open after ${seconds.toFixed(1)} s`);
  console.log(`  memory of the servers: ${(grown / open / 1_024).toFixed(1)} KB a stream, without their clients`);
  console.log(`  an event to all of them: p50 ${slowest("p50")}, p99 ${slowest("p99")} in the slowest process`);
  console.log(`  ${events} of ${EVENTS * open} deliveries have come`);
  for (const each of loaders) await each.stop();
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true });
}

await measure(1, Math.min(most, perProcess));
if (processes > 1) await measure(processes, most);
