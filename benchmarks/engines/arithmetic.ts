import { figureOf, type Results } from "../speed/results.ts";
import type { EngineResults } from "./table.ts";

/** Each event goes to so many readers, and each reader gets one event a second. */
const READERS = 100;
/** The part of a core that a server uses at most. */
const USED = 0.5;
/** The default of the hub, in seconds. */
const HEARTBEAT = 15;
/** An event on the wire to a client, and an entry on that from the log, in bytes. */
const EVENT_BYTES = 320;
const ENTRY_BYTES = 300;
const MICRO = 1e-6;
const KIBI = 1_024;

/** The recorded runs: of the hubs, and of the servers of the logs. */
interface Recorded {
  readonly hubs: Results;
  readonly logs: EngineResults;
}

/** What each number of connections takes, in Markdown: computed from the recorded runs. */
export function arithmeticTable({ hubs: { measures }, logs }: Recorded, counts: readonly number[]): string {
  const figure = (measure: string, name: string): number => {
    const found = measures.find((each) => each.name === measure);
    return found === undefined ? Number.NaN : figureOf(found.rounds, name, "Tidings").median;
  };
  const [alone, batched] = [figure("fan-out", "CPU (µs)"), figure("batches", "CPU (µs)")];
  const [memory, accept] = [figure("idle", "memory (KB)"), figure("idle", "accept, CPU (µs)")];
  const cores = (perSecond: number, each = alone): number => perSecond * each * MICRO;
  const servers = (count: number, each = alone): number => Math.ceil(cores(count, each) / USED);
  const hubs = (count: number, each: number): string => {
    const needed = servers(count, each);
    return `${inCores(cores(count, each))}: ${needed} ${needed === 1 ? "server" : "servers"}`;
  };
  const reconnect = (count: number): string =>
    `${shown(count * accept * MICRO)} s of CPU: ${shown((count * accept * MICRO) / servers(count))} s of all servers`;
  const read = (count: number): number => (count / READERS) * servers(count);
  const cpuOfLog = (name: string) => {
    const time = (part: string): number => figureOf(logs.rounds, part, name).median;
    const [published, reading] = [time("published (µs)"), time("read by a server (µs)")];
    const what = `**CPU of ${name}**, ${shown(published)} µs an event, and ${shown(reading)} µs for each server`;
    const of = (count: number): string => inCores(((count / READERS) * published + read(count) * reading) * MICRO);
    return [what, of] as const;
  };
  const rows: readonly (readonly [what: string, of: (count: number) => string])[] = [
    ["deliveries a second", (count) => shown(count)],
    [`**CPU of the hubs**, ${shown(alone)} µs a delivery`, (count) => hubs(count, alone)],
    [`the same in batches of 16, ${shown(batched)} µs a delivery`, (count) => hubs(count, batched)],
    [`heartbeats where nothing happens, one in ${HEARTBEAT} s`, (count) => inCores(cores(count / HEARTBEAT))],
    [`memory of the hubs, ${shown(memory)} KB a connection`, (count) => `${shown((count * memory) / KIBI ** 2)} GB`],
    [`everybody reconnects once, ${shown(accept / 1_000)} ms each`, reconnect],
    ["**events that the log takes** in a second", (count) => shown(count / READERS)],
    ["entries that the servers read in a second: each reads all", (count) => shown(read(count))],
    ...Object.keys(logs.rounds).map(cpuOfLog),
    [`**network** to the clients, ${EVENT_BYTES} bytes an event`, (count) => bits(count * EVENT_BYTES)],
    [`network from the log, ${ENTRY_BYTES} bytes an entry`, (count) => bits(read(count) * ENTRY_BYTES)],
  ];
  const head = ["", ...counts.map((count) => `${shown(count)} connections`)];
  const body = rows.map(([what, of]) => [what, ...counts.map((count) => of(count))]);
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Two digits: more mean nothing here. */
const shown = (value: number): string => Number(value.toPrecision(2)).toLocaleString("en");

const inCores = (value: number): string => `${shown(value)} ${shown(value) === "1" ? "core" : "cores"}`;

const bits = (bytes: number): string => `${shown((bytes * 8) / 1e9)} Gbit/s`;
