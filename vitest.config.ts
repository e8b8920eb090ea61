import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

// The workspace's own packages are read from their sources: tests need no build. The other names are vite's
// defaults: this list replaces them, so it has to repeat them.
const resolve = { conditions: ["@tidings/source", "module", "node", "development|production"] };

const ALL = ["{packages,apps,examples,e2e,benchmarks,docs,scripts}/**/*.test.{ts,tsx}"];
/** Tests that start workers of their own, so nothing else runs beside them. */
const ALONE = ["e2e/simulation/simulation.test.ts"];
/** Tests that need many processes or sockets, that take long, that use foreign servers, or that measure. */
const FAULTS = ["e2e/faults/**/*.test.ts", "packages/log-postgres/trials/**/*.test.ts"];
/** The same, with servers of Redis. */
const REDIS_FAULTS = ["packages/log-redis/trials/**/*.test.ts", "e2e/hubs-on-redis.test.ts"];
const PROOF = [
  "e2e/{fan-out,chat-fuzz,cluster}.test.ts",
  "e2e/security/fuzz.test.ts",
  "e2e/{leases,tabs}/mutants.test.ts",
  "e2e/wire-{broken,frameworks,outsiders}.test.ts",
  "packages/log-sqlite/trials/**/*.test.ts",
  "packages/protocol/src/parser-cost.test.ts",
  "benchmarks/**/*.test.ts",
  "scripts/counts.test.ts",
];
/** Tests that share one server of PostgreSQL, which is started for them. */
const POSTGRES = ["packages/log-postgres/src/**/*.test.ts", "e2e/{leases,publish}-in-postgres.test.ts"];
/** Tests that share one server of Redis, which is started for them. */
const REDIS = ["packages/log-redis/src/**/*.test.ts"];
/** React needs a document, and these tests run on two versions of it. */
const REACT = ["packages/react/**/*.test.{ts,tsx}"];
const PACKED = ["scripts/packed.test.ts"];
const SMOKE = "e2e/chat/two-people.test.ts";

/** The oldest React that we support, instead of the newest one. */
const react18 = (name: string): string =>
  fileURLToPath(new URL(`packages/react/test/react-18/node_modules/${name}`, import.meta.url));

type Project = NonNullable<TestProjectInlineConfiguration["test"]>;
const project = (test: Project): TestProjectInlineConfiguration => ({ extends: true, test });

const react: Project = {
  include: REACT,
  environment: "happy-dom",
  isolate: false,
  restoreMocks: true,
};

/** These tests have a server of PostgreSQL. On a busy machine, it takes its time. */
const withPostgres: Project = {
  globalSetup: "packages/log-postgres/test/set-up.ts",
  expect: { poll: { timeout: 10_000 } },
};

/** These tests have a server of Redis. */
const withRedis: Project = {
  globalSetup: "packages/log-redis/test/set-up.ts",
  expect: { poll: { timeout: 10_000 } },
};

/** These tests share one built page and one browser. Both are started only for these tests. */
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
    // Two workers on two cores: many tests mostly wait for sockets and disks.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ["default", "./scripts/counts.ts"],
    // A long run prints its figures as they come.
    disableConsoleIntercept: process.env["TIDINGS_LONG_RUN"] !== undefined,
    // `npm test` runs those before "page", the gate all: scripts/test.ts.
    projects: [
      // Files share the modules that a worker has loaded. Loading them for each file would take half of the time.
      project({
        name: "code",
        isolate: false,
        include: ALL,
        exclude: [
          "e2e/{chat,react}/**",
          ...ALONE,
          ...FAULTS,
          ...REDIS_FAULTS,
          ...PROOF,
          ...POSTGRES,
          ...REDIS,
          ...REACT,
          ...PACKED,
        ],
      }),
      project({ ...withPostgres, name: "postgres", isolate: false, include: POSTGRES }),
      project({ ...withRedis, name: "redis", isolate: false, include: REDIS }),
      project({ name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } }),
      project({ ...react, name: "react", provide: { react: "19" } }),
      project({
        ...react,
        name: "react-18",
        // React 18 has no Activity.
        exclude: ["packages/react/test/activity.test.tsx"],
        provide: { react: "18" },
        alias: { react: react18("react"), "react-dom": react18("react-dom") },
      }),
      project({ ...page, name: "smoke", include: [SMOKE] }),
      project({ ...page, name: "page", include: ["e2e/{chat,react}/**/*.test.ts"], exclude: [SMOKE] }),
      project({ ...withPostgres, name: "faults", include: FAULTS, maxWorkers: 1, sequence: { groupOrder: 3 } }),
      project({
        ...withRedis,
        name: "redis-faults",
        include: REDIS_FAULTS,
        maxWorkers: 1,
        sequence: { groupOrder: 3 },
      }),
      project({ name: "proof", include: PROOF, maxWorkers: 1, sequence: { groupOrder: 3 } }),
      project({ name: "packed", include: PACKED, maxWorkers: 1, sequence: { groupOrder: 3 } }),
    ],
    // Workspace packages are compiled by vite, so that the source condition above applies to them.
    server: { deps: { inline: [/^@tidings/] } },
    // A test that hangs fails after this time, long before the time limit of the whole run.
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
