import type { World } from "../world.ts";

/** What happens, and what has to come of it. Throws what is wrong. */
export type Story = (world: World) => Promise<void>;

/** By their sentences. */
export type Stories = Readonly<Record<string, Story>>;
