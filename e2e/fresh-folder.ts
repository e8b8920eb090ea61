import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder, which is gone when the test has finished. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-e2e-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 3 }));
  return folder;
}
