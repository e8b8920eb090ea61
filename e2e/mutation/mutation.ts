/** Takes the original export and returns what stands in its place. */
type Wrapper = (original: never) => unknown;

/** Exports of one module that are replaced by code. */
export interface Replacement {
  /** The file of the module, from the root of the repository. */
  readonly module: string;
  readonly wrappers: Readonly<Record<string, Wrapper>>;
}

/** A change of the text of one file: what is to be found, exactly once, and what stands there instead. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** How the packages are broken. A replacement is checked by the compiler; a patch is for what has no seam. */
export type Mutation = readonly Replacement[] | Patch;

/** Lets a mutant use another number or text where the original has a constant. */
type Widened<Value> = Value extends number ? number : Value extends string ? string : Value;

/** By name of the export: what takes the original and returns its replacement. */
type Wrappers<Module> = { readonly [Name in keyof Module]?: (original: Module[Name]) => Widened<Module[Name]> };

/**
 * Replaces exports of a module for every module that imports it. The module itself keeps its own: the seam is between
 * modules.
 *
 * @example
 * replace<typeof import("../../packages/log/src/memory-log.ts")>("packages/log/src/memory-log.ts", {
 *   memoryLog: (memoryLog) => (options) => memoryLog({ ...options, random: () => 0 }),
 * });
 */
export function replace<Module extends object>(module: string, wrappers: Wrappers<Module>): readonly Replacement[] {
  // Each wrapper takes exactly the export that has its name.
  return [{ module, wrappers: wrappers as Readonly<Record<string, Wrapper>> }];
}

export function isPatch(mutation: Mutation): mutation is Patch {
  return "from" in mutation;
}

/** The text of a file with the change. @throws Error if what is to be found is not there exactly once */
export function patchedText(source: string, { file, from, to }: Patch): string {
  const parts = source.split(from);
  if (parts.length === 2) return parts.join(to);
  const times = parts.length - 1;
  throw new Error(`Expected ${JSON.stringify(from)} once in ${file}, got it ${times} times; adapt the mutant.`);
}
