import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// The workspace's own packages are read from their sources: tests need no build. The other names are vite's
// defaults: this list replaces them, so it has to repeat them.
const resolve = { conditions: ["@tidings/source", "module", "node", "development|production"] };

const ALL = ["{packages,apps,examples,e2e,benchmarks,docs,scripts}/**/*.test.{ts,tsx}"];
/** It has threads of its own, with a low priority: they take what the processor has left beside other tests. */
const SIMULATION = ["e2e/simulation/simulation.test.ts"];
/**
 * Tests that take seconds: they start processes, wait for time limits, or break copies of the packages. Each file has a
 * process of its own. Fake timers need that, too: others that still run would take them.
 */
const SLOW = [
  "apps/chat-server/src/{one-at-a-time,storage}.test.ts",
  "docs/{fragments,thirty-lines}.test.ts",
  "e2e/chat-{answers,assistant,changes,cluster,demo,durability,followed-answers,fuzz,main,rooms}.test.ts",
  "e2e/ai/two-starters.test.ts",
  "e2e/{adapters,security}/**/*.test.ts",
  "e2e/**/mutants.test.ts",
  "e2e/{ended-jobs,endless-streams,liars,long-doorbell,polling,stalled-reader,test-kit,tickets}.test.ts",
  "e2e/waiting-{loop,writer}.test.ts",
  "e2e/presence/long-stay.test.ts",
  "e2e/types/*.test.ts",
  "e2e/wire-{broken,frameworks,outsiders,resume}.test.ts",
  "examples/**/*.test.ts",
  "packages/ai/src/killed-writer.test.ts",
  "packages/client/src/fake-timers.test.ts",
  "packages/log-sqlite/src/{epochs,log-file}.test.ts",
  "packages/log-sqlite/trials/**/*.test.ts",
  "packages/server/src/stream/accept-cost.test.ts",
  "scripts/counts.test.ts",
];
/** Tests that need many processes, that take long, or that use foreign servers. */
const FAULTS = [
  "e2e/faults/**/*.test.ts",
  "{apps,e2e}/**/*-in-postgres.test.ts",
  "packages/log-postgres/trials/**/*.test.ts",
];
/** The same, with servers of Redis. */
const REDIS_FAULTS = [
  "{apps,e2e}/**/*-in-redis.test.ts",
  "e2e/chat-on-redis.test.ts",
  "packages/log-redis/trials/**/*.test.ts",
];
/** Tests that measure, or that open thousands of connections. Nothing else runs beside them. */
const MEASURES = [
  "e2e/faults/{catch-up,connect-abort,many-endings,reconnect-storm,rolling-restart,slow-disk,stalled-readers}.test.ts",
  "e2e/{fan-out,cluster,hubs-on-postgres,hubs-on-redis}.test.ts",
  "packages/log-{postgres,redis}/trials/retention-cost.test.ts",
  "packages/protocol/src/parser-cost.test.ts",
  "benchmarks/**/*.test.ts",
];
/** Tests that share one server of PostgreSQL, which is started for them. */
const POSTGRES = ["packages/log-postgres/src/**/*.test.ts"];
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

const POSTGRES_SERVER = "packages/log-postgres/test/set-up.ts";
const REDIS_SERVER = "packages/log-redis/test/set-up.ts";

/** These tests have servers of databases. On a busy machine, such a server takes its time. */
const withServers = (...globalSetup: string[]): Project => ({ globalSetup, expect: { poll: { timeout: 10_000 } } });

const isGate = process.env["TIDINGS_GATE"] !== undefined;
/** Three on two cores: many tests mostly wait for sockets, servers and disks. In `npm test`, one has the simulation. */
const maxWorkers = Math.max(isGate ? 3 : 4, availableParallelism() - 1);
/** Tests of faults wait for time limits and servers most of the time, so more of them run at once. */
const faults: Project = { maxWorkers: maxWorkers + 1, sequence: { groupOrder: 1 } };

/** These take longest, the longest first. One that begins last would have the end of the run for itself. */
const LONGEST = [
  ...SIMULATION,
  "packages/log-postgres/trials/conformance.test.ts",
  "e2e/faults/soak-in-postgres.test.ts",
  "e2e/faults/soak.test.ts",
  "e2e/faults/kill-presence.test.ts",
  "e2e/faults/kill.test.ts",
  "e2e/faults/deploy-presence.test.ts",
  "packages/log-postgres/trials/pg-bouncer.test.ts",
  "e2e/security/fuzz.test.ts",
  "e2e/mutation/log/mutants.test.ts",
  "e2e/presence/mutants.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const longest = LONGEST.flatMap((path) => sorted.filter(({ moduleId }) => moduleId.endsWith(path)));
    return [...longest, ...sorted.filter((file) => !longest.includes(file))];
  }
}

/** These tests share one built page and one browser. Both are started only for these tests. */
const page: Project = {
  globalSetup: "e2e/chat/set-up.ts",
  setupFiles: "e2e/chat/hooks.ts",
  isolate: false,
  // Each has pages of its own in the browser, which needs the processor, too.
  maxWorkers: 2,
  // A test takes up to 8 seconds, and a browser on a busy machine several times as long.
  testTimeout: 60_000,
  sequence: { groupOrder: 2 },
};

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    exclude: ["**/{node_modules,dist,.cache}/**"],
    maxWorkers,
    sequence: { sequencer: LongestFirst },
    reporters: ["default", "./scripts/counts.ts"],
    // A long run prints its figures as they come.
    disableConsoleIntercept: process.env["TIDINGS_LONG_RUN"] !== undefined,
    // `npm test` runs those before "page": scripts/test.ts. The gate runs all, and three apart: scripts/gate.ts.
    projects: [
      // Files share the modules that a worker has loaded. Loading them for each file would take half of the time.
      project({
        name: "code",
        isolate: false,
        // Many need nothing but the processor, and a busy machine takes up to thirty seconds for one.
        testTimeout: 120_000,
        include: ALL,
        exclude: [
          "e2e/{chat,react}/**",
          ...SIMULATION,
          ...FAULTS,
          ...REDIS_FAULTS,
          ...SLOW,
          ...MEASURES,
          ...POSTGRES,
          ...REDIS,
          ...REACT,
          ...PACKED,
        ],
      }),
      project({ name: "slow", include: SLOW }),
      project({ ...withServers(POSTGRES_SERVER), name: "postgres", isolate: false, include: POSTGRES }),
      project({ ...withServers(REDIS_SERVER), name: "redis", isolate: false, include: REDIS }),
      project({ name: "apart-simulation", include: SIMULATION }),
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
      project({
        ...withServers(POSTGRES_SERVER),
        ...faults,
        name: "faults",
        include: FAULTS,
        exclude: MEASURES,
      }),
      project({
        ...withServers(REDIS_SERVER),
        ...faults,
        name: "redis-faults",
        include: REDIS_FAULTS,
        exclude: MEASURES,
      }),
      project({
        ...withServers(POSTGRES_SERVER, REDIS_SERVER),
        name: "apart-measures",
        include: MEASURES,
        maxWorkers: 1,
        sequence: { groupOrder: 3 },
      }),
      project({ name: "apart-packed", include: PACKED, maxWorkers: 1, sequence: { groupOrder: 3 } }),
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
