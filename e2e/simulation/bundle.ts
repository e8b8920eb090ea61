import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile, type MutationInList } from "../mutation/compile.ts";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/**
 * Compiles the world and the sources of the packages into one file of a temporary folder, which starts in an instant.
 * @param mutant the change in this copy; null for the packages as they are
 */
export async function bundle(folder: string, name: string, mutant: MutationInList | null): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await compile({ entry: WORKER, outfile, mutant });
  return outfile;
}
