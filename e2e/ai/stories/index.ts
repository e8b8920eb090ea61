import { World } from "../world.ts";
import { beginning } from "./beginning.ts";
import { chunks } from "./chunks.ts";
import { ends } from "./ends.ts";
import { pages } from "./pages.ts";
import type { Stories, Story } from "./story.ts";
import { tanstack } from "./tanstack.ts";

/** What the guide and the decisions about answers of models promise, by subject. */
export const stories = {
  "a run that begins": beginning,
  "a run that ends": ends,
  "the chunks in the log": chunks,
  "a page of the AI SDK": pages,
  "TanStack AI": tanstack,
} satisfies Readonly<Record<string, Stories>>;

export type { Story } from "./story.ts";
export type Subject = keyof typeof stories;

/** Tells a story in a world of its own. Throws what is wrong. */
export async function expectStory(story: Story): Promise<void> {
  const world = new World();
  try {
    await story(world);
  } finally {
    await world.close();
  }
}
