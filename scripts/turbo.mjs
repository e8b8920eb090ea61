import { binary, runNode } from "./child.mjs";

/**
 * Runs one task of turbo.json in the packages that have it; prints only what fails.
 * @param {string} task
 * @param {string[]} [turboArguments]
 */
export const turbo = (task, turboArguments = []) =>
  runNode(binary("turbo"), ["run", task, "--output-logs=errors-only", "--ui=stream", ...turboArguments]);
