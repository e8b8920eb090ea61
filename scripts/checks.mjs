// The checks that are one call of one tool. Each resolves with an exit code.
import { binary, runNode } from "./child.mjs";
import { turbo } from "./turbo.mjs";

/** @param {string[]} [turboArguments] */
export const build = (turboArguments) => turbo("build", turboArguments);

/**
 * Sources, tests and type tests of every package, then the scripts of the root.
 * @param {string[]} [turboArguments]
 */
export async function checkTypes(turboArguments) {
  const code = await turbo("types", turboArguments);
  return code !== 0 ? code : runNode(binary("tsc", "typescript"), ["-p", "scripts"]);
}

/** @param {string[]} [lintArguments] */
export const lint = (lintArguments = []) =>
  runNode(binary("oxlint"), ["--type-aware", "--deny-warnings", ...lintArguments]);

/** @param {string[]} [formatArguments] */
export const format = (formatArguments = []) => runNode(binary("oxfmt"), formatArguments);

export const checkFormat = () => format(["--check"]);

/** Files, exports and dependencies that nobody uses. */
export const checkUnused = () => runNode(binary("knip"), ["--no-progress"]);
