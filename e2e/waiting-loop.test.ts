import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** The only thing that this program waits for is a loop: the timer that publishes does not keep a process alive. */
const PROGRAM = `
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { z } from "zod";
const contract = defineContract({ clock: channel("clock", { tick: z.number() }) });
const hub = createHub(contract, { log: memoryLog(), authorize: () => false });
setTimeout(() => hub.publish(contract.clock(), "tick", 5), 300).unref();
for await (const { kind, data } of hub.events(contract.clock())) {
  console.log(kind, data);
  break;
}
console.log("over");
`;

test("a program that waits only for a loop stays alive while the loop waits, and ends by itself after it", async () => {
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--input-type=module", "-e", PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: import.meta.dirname });
  expect(stdout).toBe("event 5\nover\n");
});
