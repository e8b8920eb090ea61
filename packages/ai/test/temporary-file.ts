import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A path for a database, in a folder that is deleted when the test has finished. */
export async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-ai-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 3 }));
  return join(folder, "ai.db");
}
