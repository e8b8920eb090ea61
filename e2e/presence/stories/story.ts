import type { ExpectStatic } from "vitest";

/** The part of a test that a story uses. It is passed in: a copy of the packages has no vitest. */
export interface StoryContext {
  readonly expect: ExpectStatic;
}

/** What happens, and what has to come of it. Throws what is wrong. */
export type Story = (context: StoryContext) => Promise<void>;

/** By their sentences. */
export type Stories = Readonly<Record<string, Story>>;
