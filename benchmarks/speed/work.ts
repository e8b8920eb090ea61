import { works, type WorkName } from "./works.ts";

// The process of work that is measured: each message asks for a sample.

const [name, folder = "."] = process.argv.slice(2);
// Safe: works-measured.ts starts this process with a name of the list.
const work = await works[name as WorkName].begin(folder);

process.on("message", () => {
  void sample().then((result) => process.send?.(result));
});
// The process that has started this one is gone.
process.on("disconnect", () => process.exit());

async function sample(): Promise<Record<string, number>> {
  work.prepare?.();
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await work.run();
  const elapsed = (performance.now() - startedAt) * 1_000;
  const { user, system } = process.cpuUsage(before);
  return { "time (µs)": elapsed / work.events, "CPU (µs)": (user + system) / work.events };
}
