import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** A program whose log keeps no process alive, and loses the answer of what `mustLose` says. */
const PROGRAM = `
import { channel, defineContract } from "@tidings/contract";
import { AppendError, memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub } from "@tidings/server";
import { z } from "zod";
const contract = defineContract({ job: channel("job", {}, { end: z.string() }) });
const kept = memoryLog();
let mustLose = false;
const log = wrapLog(kept, {
  append: async (batch) => {
    const appended = await kept.append(batch);
    if (!mustLose) return appended;
    mustLose = false;
    throw new AppendError("unknown", "The connection was lost.");
  },
  close: async () => {},
});
const hub = createHub(contract, { log, authorize: () => false, drain: 500 });
const writer = await hub.lease(contract.job(), { ttl: 60_000, aborted: "aborted" });
`;
const SHOW = `console.log((await kept.recent(["job"], 10)).entries.map(({ data }) => data).join());`;

test.for([
  ["a hub that closes waits for its writers, and ends those that do not end", "await hub.close();", '"aborted"\n'],
  ["a writer waits until it knows whether its end is stored", 'mustLose = true; await writer.end("done");', '"done"\n'],
] as const)("%s, also if nothing else keeps the process alive", async ([, statement, shown]) => {
  const program = PROGRAM + statement + SHOW;
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: import.meta.dirname });
  expect(stdout).toBe(shown);
});
