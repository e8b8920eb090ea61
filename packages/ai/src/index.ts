export { activeRun, runChannel } from "./run.ts";
export type { ActiveRun, ChatName, Chunk, ChunkBatch, RunEnd, RunEvents, RunName } from "./run.ts";
