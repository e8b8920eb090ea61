import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type PublishError } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

const contract = defineContract({
  leaders: channel("leaders", { leader: latest(z.object({ process: z.string() }), { expires: 10_000 }) }),
  jobs: channel("jobs", { started: z.object({ job: z.number() }) }),
});
const leaders = contract.leaders();
const jobs = contract.jobs();

/** Several processes on one log, in virtual time. */
function open() {
  const clock = new VirtualClock();
  const log = memoryLog({ now: clock.now });
  const openHub = () => createHub(contract, { log, clock, authorize: () => false, onLog: () => {} });
  const [ada, bob] = [openHub(), openHub()];
  onTestFinished(() => ada.close());
  const stand = (hub: typeof ada, process: string) => hub.publish(leaders, "leader", { process }, { expects: null });
  const start = (hub: typeof ada, process: string, job: number, expects: string) =>
    hub.publishAll([
      { address: leaders, type: "leader", data: { process }, expects },
      { address: jobs, type: "started", data: { job } },
    ]);
  const started = async () => {
    const { entries } = await log.recent([jobs.path], 10);
    return entries.map(({ data }) => data);
  };
  return { clock, ada, bob, stand, start, started };
}

const code = (error: unknown) => (error as PublishError).code;

test("one of two processes leads for as long as it renews its value", async () => {
  const { clock, ada, bob, stand, start } = open();
  let { id } = await stand(ada, "ada");
  for (let renewal = 0; renewal < 5; renewal++) {
    await clock.advance(3_000);
    await expect(stand(bob, "bob")).rejects.toMatchObject({ code: "conflict", cursor: id });
    const [renewed] = await start(ada, "ada", renewal, id);
    id = renewed?.id ?? "";
  }
});

test("a leader that was paused for too long publishes nothing any more", async () => {
  const { clock, ada, bob, stand, start, started } = open();
  const { id } = await stand(ada, "ada");
  await clock.advance(10_000);
  const other = await stand(bob, "bob");
  await start(bob, "bob", 1, other.id);
  expect(await start(ada, "ada", 2, id).catch(code)).toBe("conflict");
  expect(await started()).toEqual(['{"job":1}']);
});
