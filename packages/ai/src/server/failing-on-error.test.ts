import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { ai } from "../../test/contract.ts";
import { startRun } from "./start-run.ts";

const run = ai.run({ chatId: "c", runId: "r" });

test.for<readonly [how: string, onError: () => unknown]>([
  ["throws", () => expect.unreachable("onError")],
  ["rejects", () => Promise.reject(new Error("onError"))],
])("a run whose model and whose onError fail (%s) ends all the same", async ([, onError]) => {
  const reported = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => reported.mockRestore());
  const hub = createHub(ai, { log: memoryLog(), authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const { ended } = await startRun(hub, { run, onError }, () => Promise.reject(new Error("model")));
  await ended;
  const kinds = [];
  for await (const item of hub.events(run, { after: null })) kinds.push(item.kind === "end" ? item.data.outcome : "");
  expect(kinds).toEqual(["", "failed"]);
  expect(reported).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining("onError") }));
});
