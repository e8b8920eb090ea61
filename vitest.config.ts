import { defineConfig } from "vitest/config";

// The workspace's own packages are read from their sources: tests need no build. The other names are vite's defaults,
// which a list of one's own replaces.
const resolve = { conditions: ["@tidings/source", "module", "node", "development|production"] };

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    exclude: ["**/node_modules/**", "**/dist/**"],
    projects: [
      {
        extends: true,
        test: {
          name: "code",
          include: ["{packages,apps,examples,e2e,benchmarks,scripts}/**/*.test.{ts,tsx}"],
          exclude: ["e2e/chat/**"],
        },
      },
      // These share one built page and one browser, which nobody has to wait for who runs other tests.
      {
        extends: true,
        test: {
          name: "page",
          include: ["e2e/chat/**/*.test.ts"],
          globalSetup: "e2e/chat/set-up.ts",
          setupFiles: "e2e/chat/hooks.ts",
          isolate: false,
          // Most of the time they wait for a browser.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
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
