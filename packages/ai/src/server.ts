export { startRun } from "./server/start-run.ts";
export type { ChunkStream, Produce, StartedRun, StartRunOptions } from "./server/start-run.ts";
