import type { Model } from "@tidings-apps/chat-server";

/** A model that says what the test tells it to say. */
export interface DictatedModel {
  readonly model: Model;
  /** Lets the model say these words. */
  readonly say: (...words: readonly string[]) => void;
  /** Lets the answer be complete. */
  readonly finish: () => void;
}

/** Creates a model for one answer. */
export function dictatedModel(): DictatedModel {
  const words: (string | null)[] = [];
  let wake = (): void => {};
  const add = (...more: readonly (string | null)[]): void => {
    words.push(...more);
    wake();
  };
  return {
    say: add,
    finish: () => add(null),
    model: async function* (_question, signal) {
      signal.addEventListener("abort", () => wake());
      for (;;) {
        const next = words.shift();
        if (next === null || signal.aborted) return;
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
