import type { Mutation, Patch } from "../mutation/mutation.ts";

const patch = (file: string, from: string, to: string): Patch => ({ file: `packages/ai/src/${file}.ts`, from, to });

/** Packages that break a sentence of docs/guides/resumable-ai-answers.md or docs/decisions/ai.md. */
export const mutants: readonly { readonly breaks: string; readonly mutation: Mutation }[] = [
  {
    breaks: "a chat names a run before the log has its beginning",
    mutation: patch(
      "server/run-writer",
      'await this.#publish([]);\n    await this.#chat?.publish("activeRun", { runId });',
      'await this.#chat?.publish("activeRun", { runId });\n    await this.#publish([]);',
    ),
  },
  {
    breaks: "chunks that were refused are counted",
    mutation: patch(
      "server/run-writer",
      "first: this.#next, chunks });\n    this.#next += chunks.length;",
      "first: (this.#next += chunks.length) - chunks.length, chunks });",
    ),
  },
  {
    breaks: "chunks that the log refuses for a moment end the run",
    mutation: patch(
      "server/run-writer",
      "await this.#untilStored(() => this.#publish(chunks))",
      "await this.#publish(chunks)",
    ),
  },
  {
    breaks: "a model that says that it has failed has finished",
    mutation: patch("server/run-writer", "this.#hasFailed ||= chunks.some(saysFailure);", ""),
  },
  {
    breaks: "a run of which a chunk was refused has finished",
    mutation: patch("server/run-writer", "      this.#hasFailed = true;\n", ""),
  },
  {
    breaks: "a run that is over is still given up",
    mutation: patch(
      "server/run-writer",
      "    this.#cancelSilence();\n    try {\n      await this.#end",
      "    try {\n      await this.#end",
    ),
  },
  {
    breaks: "a chat still names a run that was stopped",
    mutation: patch(
      "server/run-writer",
      'const isSaved = outcome === "finished" || outcome === "stopped";',
      'const isSaved = outcome === "finished";',
    ),
  },
  {
    breaks: "a run that could not begin goes on for its readers",
    mutation: patch("server/run-writer", "void writer.end(ABORTED).catch(() => {});", ""),
  },
  {
    breaks: "a chat that is stopped while its run begins does not stop it",
    mutation: patch("server/run-writer", "{ ttl, stopsSince: run.askedAt }", "{ ttl }"),
  },
  {
    breaks: "chunks whose answer got lost end the run",
    mutation: {
      file: "packages/server/src/lease/held-lease.ts",
      from: "if (lease?.writer !== writer || lease.turn !== turn) continue;",
      to: "if (lease !== undefined) continue;",
    },
  },
  {
    breaks: "the run is ended before the chat is left",
    mutation: patch(
      "server/run-writer",
      "await this.#leaveChat(end);\n    } finally {\n      await this.#untilStored(() => this.#run.end(end));",
      "await this.#untilStored(() => this.#run.end(end));\n    } finally {\n      await this.#leaveChat(end);",
    ),
  },
  {
    breaks: "a hub that closes early is an error of the run",
    mutation: patch("server/run-writer", "if (!isReleased(error)) throw error;", "throw error;"),
  },
  {
    breaks: "chunks are taken before a page reads",
    mutation: patch("client/read-run", "{ highWaterMark: 0 }", "{ highWaterMark: 1 }"),
  },
  {
    breaks: "a page goes on after the oldest page of a run",
    mutation: patch("client/read-run", "cursor: newest.cursor", 'cursor: batches.length < 501 ? newest.cursor : ""'),
  },
  {
    breaks: "a page reads what the application has saved",
    mutation: patch("client/tidings-transport", "return isSaved ? null :", "return"),
  },
  {
    breaks: "a page follows the chat for ever",
    mutation: patch("client/find-active-run", "      subscription.close();\n", ""),
  },
  {
    breaks: "a start waits for ever for a run that nobody begins",
    mutation: patch(
      "server/start-run",
      "clock.setTimeout(() => ending.abort(), time)",
      "clock.setTimeout(() => {}, time)",
    ),
  },
  {
    breaks: "after large chunks, each chunk is an event",
    mutation: patch("server/chunk-batches", "    this.#size = 0;\n", ""),
  },
  {
    breaks: "a reader gets chunks before its offset that come later",
    mutation: patch(
      "tanstack/tidings-stream",
      "yield* chunks.filter(isAsked).map(storedOf)",
      "yield* chunks.map(storedOf)",
    ),
  },
  {
    breaks: "joined chunks have the offset of the first one",
    mutation: patch(
      "tanstack/tidings-stream",
      "result.push({ number, chunk: both ?? chunk })",
      "result.push({ number: both === null ? number : (last?.number ?? number), chunk: both ?? chunk })",
    ),
  },
  {
    breaks: "a run that has failed ends without an error",
    mutation: patch("tanstack/tidings-stream", 'end.outcome !== "finished"', 'end.outcome === "aborted"'),
  },
];
