import { expect } from "vitest";

/** Waits until a condition holds, for five seconds at most. */
export async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);
}
