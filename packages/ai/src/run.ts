import {
  channel,
  ContractError,
  latest,
  type ChannelDefinition,
  type ChannelName,
  type Contract,
  type EndName,
  type EventDefinition,
  type Params,
} from "@tidings/contract";
import * as z from "zod/mini";

/** One part of an answer, as the library of the application makes it: JSON with a `type`. */
export interface Chunk {
  readonly type: string;
}

/** Chunks that came at about the same time. */
export interface ChunkBatch {
  /** The number of the first chunk. Those of a run count from 0. */
  readonly first: number;
  /** The first batch of a run has none: it says that the run has begun. */
  readonly chunks: readonly Chunk[];
}

/** How a run has ended. */
export interface RunEnd {
  /**
   * `finished`: the model was done. `stopped`: somebody has called `hub.stop`. `failed`: something has thrown, a chunk
   * says that the model has failed (`error` of the AI SDK, `RUN_ERROR` of TanStack AI), or a chunk was refused.
   * `aborted`: the process that wrote it has died or closed, or nothing has come for too long, or the log has taken
   * nothing for as long as the lease holds. After the last two, nobody may have saved the answer.
   */
  readonly outcome: "finished" | "stopped" | "failed" | "aborted";
  /** What the caller of `hub.stop` has given; otherwise null. */
  readonly reason: string | null;
}

/** Which run of a chat is active. */
export interface ActiveRun {
  /** Null after a run whose answer the application has saved. */
  readonly runId: string | null;
}

/** The events of a channel made by {@link runChannel}. */
// A type, since only a type without an interface is a record of events.
export type RunEvents = { readonly chunks: EventDefinition<ChunkBatch, "reliable"> };

/** The channels of a contract whose runs can be written and read: {@link runChannel} has made them. */
export type RunName<C extends Contract> = {
  [Name in ChannelName<C>]: C[Name]["events"] extends RunEvents ? Name : never;
}[ChannelName<C>];

/** The channels of a contract that say which run is active: they have the event {@link activeRun}, and no end. */
export type ChatName<C extends Contract> = Exclude<
  {
    [Name in ChannelName<C>]: C[Name]["events"] extends { readonly activeRun: typeof activeRun } ? Name : never;
  }[ChannelName<C>],
  EndName<C>
>;

/** When the id of an active run is forgotten, in milliseconds. Its chunks are gone before that. */
const FORGOTTEN_AFTER = 86_400_000;

const Batch: z.ZodMiniType<ChunkBatch> = z.object({
  first: z.int().check(z.nonnegative()),
  chunks: z.array(z.looseObject({ type: z.string() })),
});

const End: z.ZodMiniType<RunEnd> = z.object({
  outcome: z.enum(["finished", "stopped", "failed", "aborted"]),
  reason: z.nullable(z.string()),
});

/**
 * An event that says which run of a chat is active. Give it to the channel of the chat, with the name `activeRun`,
 * beside events of your own. The channel must not declare an end.
 *
 * @example channel("chats/:chatId", { activeRun, message: Message })
 */
export const activeRun: EventDefinition<ActiveRun, "latest"> = latest(
  z.object({ runId: z.nullable(z.string()) }) as z.ZodMiniType<ActiveRun>,
  { expires: FORGOTTEN_AFTER },
);

/** The pattern, if it has the param `runId`, and what the compiler says to another one. */
type WithRunId<Pattern extends string> =
  Params<Pattern> extends { readonly runId: string } ? Pattern : "a pattern with the param :runId";

/**
 * A channel for the chunks of runs, each at an address of its own. A run is one call of a model, with the steps that
 * follow from it.
 *
 * @param pattern it has to have the param `:runId`
 * @throws ContractError `bad-contract` for a pattern without it, and as `channel` does
 * @example runChannel("chats/:chatId/runs/:runId")
 */
export function runChannel<const Pattern extends string>(
  pattern: WithRunId<Pattern>,
): ChannelDefinition<Pattern, RunEvents, never, z.ZodMiniType<RunEnd>> {
  if (typeof pattern !== "string" || !pattern.split("/").includes(":runId")) {
    const got = JSON.stringify(pattern);
    throw new ContractError("bad-contract", `Expected the pattern of a run to have the param ":runId", got ${got}.`);
  }
  const definition = channel<string, { readonly chunks: typeof Batch }, never, typeof End>(
    pattern,
    { chunks: Batch },
    { end: End },
  );
  // Safe: the pattern is the given one, and a bare schema is a reliable event.
  return definition as unknown as ChannelDefinition<Pattern, RunEvents, never, typeof End>;
}
