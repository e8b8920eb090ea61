import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

// The workspace's own packages are read from their sources: tests need no build. The other names are vite's defaults,
// which a list of one's own replaces.
const resolve = { conditions: ["@tidings/source", "module", "node", "development|production"] };

const ALL = ["{packages,apps,examples,e2e,benchmarks,scripts}/**/*.test.{ts,tsx}"];
/** What has both cores for itself, since it has workers of its own. */
const ALONE = ["e2e/simulation/simulation.test.ts"];
/** What takes many processes or sockets, much time, or other people's servers, and what measures. */
const FAULTS = ["e2e/faults/**/*.test.ts"];
const PROOF = [
  "e2e/{fan-out,chat-fuzz}.test.ts",
  "e2e/security/fuzz.test.ts",
  "e2e/wire-{broken,frameworks,outsiders}.test.ts",
  "packages/log-sqlite/trials/**/*.test.ts",
  "packages/protocol/src/parser-cost.test.ts",
  "benchmarks/**/*.test.ts",
];
const PACKED = ["scripts/packed.test.ts"];
const SMOKE = "e2e/chat/two-people.test.ts";

type Project = NonNullable<TestProjectInlineConfiguration["test"]>;
const project = (test: Project): TestProjectInlineConfiguration => ({ extends: true, test });

/** These share one built page and one browser, which nobody has to wait for who runs other tests. */
const page: Project = {
  globalSetup: "e2e/chat/set-up.ts",
  setupFiles: "e2e/chat/hooks.ts",
  isolate: false,
  sequence: { groupOrder: 2 },
};

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Two on two cores: many tests wait for sockets and disks more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ["default", "./scripts/counts.ts"],
    // `npm test` runs the first three, the gate all: scripts/test.ts.
    projects: [
      // Files share the modules that a worker has loaded: to load them for each file takes half of the time.
      project({
        name: "code",
        isolate: false,
        include: ALL,
        exclude: ["e2e/chat/**", ...ALONE, ...FAULTS, ...PROOF, ...PACKED],
      }),
      project({ name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } }),
      project({ ...page, name: "smoke", include: [SMOKE] }),
      project({ ...page, name: "page", include: ["e2e/chat/**/*.test.ts"], exclude: [SMOKE] }),
      project({ name: "faults", include: FAULTS, maxWorkers: 1, sequence: { groupOrder: 3 } }),
      project({ name: "proof", include: PROOF, maxWorkers: 1, sequence: { groupOrder: 3 } }),
      project({ name: "packed", include: PACKED, maxWorkers: 1, sequence: { groupOrder: 3 } }),
    ],
    // Workspace packages are compiled by vite, so that the source condition above applies to them.
    server: { deps: { inline: [/^@tidings/] } },
    // A test that hangs says so long before the run is given up.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.{ts,tsx}"],
      exclude: ["**/*.test.{ts,tsx}", "**/*.test-d.ts", "packages/log/src/conformance*"],
      reporter: ["text-summary", "json-summary", "html"],
      reportsDirectory: "coverage",
    },
  },
});
