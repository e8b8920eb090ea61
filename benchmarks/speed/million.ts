import { figureOf, type Results } from "./results.ts";

const STREAMS = 1_000_000;
/** The limit of descriptors of the machine that is measured, less what a process needs itself. */
const PER_PROCESS = 19_000;
/** The default of the hub, in seconds. */
const HEARTBEAT = 15;
const MICROSECONDS = 1_000_000;

/** What a million streams would take, computed from what a thousand and some thousands have taken. */
export function millionSection({ measures }: Results): string {
  const figure = (measure: string, name: string, label: string): number => {
    const found = measures.find((each) => each.name === measure);
    return found === undefined ? Number.NaN : figureOf(found.rounds, name, label).median;
  };
  const delivery = figure("fan-out", "CPU (µs)", "Tidings");
  const cores = (perSecond: number): string => ((perSecond * delivery) / MICROSECONDS).toFixed(1);
  const row = (label: string): string => {
    const memory = (figure("idle", "memory (KB)", label) * STREAMS) / 1_024 ** 2;
    const accept = (figure("idle", "accept, CPU (µs)", label) * STREAMS) / MICROSECONDS / 60;
    return `| ${label} | ${memory.toFixed(1)} GB | ${accept.toFixed(1)} minutes of one core |`;
  };
  return `## A million streams, computed

From the figures above, for ${Math.ceil(STREAMS / PER_PROCESS)} processes of ${PER_PROCESS} streams each. Heartbeats
take ${cores(STREAMS / HEARTBEAT)} cores, and an event a second for every stream takes ${cores(STREAMS)}, if it comes
alone.

|  | memory of the processes | to accept them once |
| --- | --- | --- |
${["Tidings", "Tidings, bare sockets"].map((label) => row(label)).join("\n")}`;
}
