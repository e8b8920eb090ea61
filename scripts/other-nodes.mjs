// Node brings SQLite itself since 22.13, and the log in it uses that; on Node 20 it uses another driver.
import { npmBinary, runQuietly } from "./child.mjs";
import { formatCounts, runTests, sumCounts } from "./test.mjs";
import { say } from "./say.mjs";

/** Majors, besides the one that runs us. npm has a Node of each. */
const majors = ["22", "24"].filter((major) => process.versions.node.split(".")[0] !== major);

/** The tests of the SQLite log on other Nodes, at the same time: they wait for the disk more than they compute. */
export async function testOnOtherNodes() {
  const counts = await Promise.all(majors.map(testOn));
  return sumCounts(counts);
}

/** @param {string} major */
async function testOn(major) {
  const npx = npmBinary("npx");
  const counts = await runTests(["packages/log-sqlite"], {
    report: `vitest-node-${major}`,
    run: (script, scriptArguments) =>
      runQuietly(npx, ["--yes", "-p", `node@${major}`, "node", script, ...scriptArguments]),
  });
  say(`packages/log-sqlite on Node ${major}: ${formatCounts(counts)}`);
  return counts;
}
