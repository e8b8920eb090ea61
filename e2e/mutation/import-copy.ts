import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { temporaryFolder } from "../temporary-folder.ts";
import { compile } from "./compile.ts";
import type { Mutation } from "./mutation.ts";

/** A module whose packages are broken, and the list of what breaks them. */
interface Copied {
  /** The URL of the test, beside which the two files are. */
  readonly beside: string;
  readonly entry: string;
  /** The file that exports `mutants`. */
  readonly list: string;
  readonly mutants: readonly { readonly mutation: Mutation }[];
}

/**
 * Imports a copy of a module and of the packages that it uses. Call it in a test.
 *
 * @param index of the mutant that breaks the copy; null for a copy that is not broken
 */
export async function importCopy<Module>(
  { beside, entry, list, mutants }: Copied,
  index: number | null,
): Promise<Module> {
  const pathOf = (name: string): string => fileURLToPath(new URL(name, beside));
  const mutation = index === null ? undefined : mutants[index]?.mutation;
  const mutant = mutation && index !== null ? { mutation, list: pathOf(list), index } : null;
  // Node imports what is in such a folder. Vitest would compile it again, which takes longer than all the rest.
  const outfile = join(await temporaryFolder(), "node_modules/copy.mjs");
  await compile({ entry: pathOf(entry), outfile, mutant, sharesZod: true });
  return (await import(pathToFileURL(outfile).href)) as Module;
}
