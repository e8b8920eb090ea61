import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a file of this folder under Node's own test runner. Returns what it prints, in TAP, even if tests fail. */
export async function runNodeTest(file: string): Promise<string> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  // Node marks the children of its test runner by this variable; the children of vitest are none.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--test-reporter=tap", "--test"];
  const { stdout } = await execute(process.execPath, [...options, script], { env, cwd: import.meta.dirname }).catch(
    // A run with a failed test rejects with an error that has the output, too.
    (error: { readonly stdout: string }) => error,
  );
  return stdout;
}
