import type { Reporter, SerializedError, TestModule, Vitest } from "vitest/node";

/** Ends the output of vitest with one line of counts, which the gate adds up. Fails a run that matches no test. */
export default class Counts implements Reporter {
  #vitest: Vitest | null = null;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => Array.from(module.children.allTests(), (test) => test.result().state));
    const count = (state: string) => tests.filter((each) => each === state).length;
    // A file that does not load and an error outside of tests are failures, too.
    const failed = count("failed") + modules.flatMap((module) => module.errors()).length + errors.length;
    // With `-t`, vitest skips every test whose title does not match.
    const selected = this.#vitest?.config.testNamePattern === undefined ? tests.length : count("passed") + failed;
    if (selected === 0 && failed === 0) {
      console.log("No test matches: expected a part of the path of a test file, or `-t` and a part of a test's title.");
      process.exitCode = 1;
      return;
    }
    console.log(formatCounts([count("passed"), failed, count("skipped")]));
  }
}

export const formatCounts = ([passed = 0, failed = 0, skipped = 0]: readonly number[]): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** How many tests have passed, failed and were skipped: the sums of all lines of counts in a text. */
export function sumCounts(printed: string): readonly [number, number, number] {
  const lines = Array.from(printed.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm));
  const sum = (column: number) => lines.reduce((total, line) => total + Number(line[column]), 0);
  return [sum(1), sum(2), sum(3)];
}
