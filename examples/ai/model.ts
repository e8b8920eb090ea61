// Takes the place of a language model: it needs no network, and says the same words to everybody.
import { simulateReadableStream, type LanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 0, text: 0, reasoning: undefined },
};

/** @param pause between two words, in milliseconds */
export function slowModel(answer: string, pause: number): LanguageModel {
  return new MockLanguageModelV4({
    doStream: async () => ({
      stream: simulateReadableStream({
        initialDelayInMs: pause,
        chunkDelayInMs: pause,
        chunks: [
          { type: "stream-start", warnings: [] },
          { type: "text-start", id: "text" },
          ...answer.split(/(?<= )/).map((delta) => ({ type: "text-delta" as const, id: "text", delta })),
          { type: "text-end", id: "text" },
          { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
        ],
      }),
    }),
  });
}
