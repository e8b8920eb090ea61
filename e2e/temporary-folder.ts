import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes an empty folder. It is deleted when the test has finished. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-e2e-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 3 }));
  return folder;
}

/** A path for a new file in a temporary folder of its own. The file itself is not created. */
export async function temporaryPath(fileName = "log.db"): Promise<string> {
  return join(await temporaryFolder(), fileName);
}
