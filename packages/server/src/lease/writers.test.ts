import { AppendError } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { jobs, openJobsHub } from "../../test/test-hub.ts";

const job = jobs.job({ jobId: "a" });
const room = jobs.room({ roomId: "lobby" });
const aborted = { files: 0 };

describe("hub.lease", () => {
  test.each([
    ["no options", job, undefined, "to be an object, got undefined"],
    ["a misspelt option", job, { ttl: 10_000, abort: aborted }, 'got "abort"'],
    ["aborted where the channel declares no end", room, { ttl: 10_000, aborted }, 'got "aborted"'],
    ["no ttl", room, {}, 'Expected "ttl" to be a number from 1000 to 600000, got undefined'],
    ["a ttl that is a text", room, { ttl: "10000" }, 'to be a number from 1000 to 600000, got "10000"'],
    ["a ttl that is too short", room, { ttl: 999 }, "from 1000"],
    ["a ttl that is too long", room, { ttl: 600_001 }, "to 600000"],
    ["no aborted where the channel declares an end", job, { ttl: 10_000 }, 'Expected "aborted" in'],
    ["data that does not fit the end", job, { ttl: 10_000, aborted: { files: "0" } }, "job.end"],
    ["a path", "jobs/a", { ttl: 10_000 }, "got string"],
    ["an address of another contract", { ...room, path: "halls/lobby" }, { ttl: 10_000 }, "of this contract"],
    ["an address of a channel with another name", { ...room, name: "__proto__" }, { ttl: 10_000 }, "of this contract"],
  ])("refuses %s, and appends nothing", async (_what, address, options, message) => {
    const { hub, log } = await openJobsHub();
    await expect(hub.lease(address as never, options as never)).rejects.toThrow(message);
    expect(log.calls["append"]).toBe(0);
  });

  test("gives a writer that checks what it publishes", async () => {
    const { hub } = await openJobsHub();
    const writer = await hub.lease(job, { ttl: 10_000, aborted });
    expect(writer.address).toBe(job);
    await expect(writer.publish("line", { text: 5 } as never)).rejects.toMatchObject({ code: "invalid-data" });
    await expect(writer.publish("lines" as never, {})).rejects.toMatchObject({ code: "unknown-event" });
    await expect(writer.end({ files: "3" } as never)).rejects.toMatchObject({ code: "invalid-data" });
    const free = await hub.lease(room, { ttl: 10_000 });
    await expect(free.end({} as never)).rejects.toMatchObject({ code: "unknown-event" });
    await expect(writer.end({ files: 3 })).resolves.toMatchObject({ duplicate: false });
  });

  test("readers get what a writer publishes, and nothing of its lease", async () => {
    const { hub, connect, ask } = await openJobsHub();
    const { sink } = await connect("channel=jobs/a");
    const writer = await hub.lease(job, { ttl: 10_000, aborted });
    await writer.publish("line", { text: "1" });
    await writer.end({ files: 1 });
    const { sink: late } = await connect("channel=jobs/a");
    expect(sink.received).toEqual(['jobs/a:line {"text":"1"}', 'jobs/a:end {"files":1}']);
    expect(late.received).toEqual(['jobs/a:end {"files":1}']);
    for (const path of ["$lease", "%24lease"]) {
      expect(await ask(`channel=${encodeURIComponent(path)}`)).toMatchObject({
        status: expect.toSatisfy((status: number) => status === 400 || status === 404) as number,
      });
    }
  });

  test("leaves an address to other publishers and readers that is only leased", async () => {
    const { hub } = await openJobsHub();
    await hub.lease(job, { ttl: 10_000, aborted });
    await expect(hub.publish(job, "line", { text: "other" })).resolves.toMatchObject({ duplicate: false });
  });
});

test.each([
  ["with an end", job, { ttl: 10_000, aborted }],
  ["without an end", room, { ttl: 10_000 }],
])("a hub that has closed says so to a caller that wants a lease on a channel %s", async (_what, address, options) => {
  const { hub, clock } = await openJobsHub();
  const closed = hub.close();
  await expect(hub.lease(address as never, options as never)).rejects.toMatchObject({ code: "closing" });
  await clock.advance(10_000);
  await closed;
  await expect(hub.lease(address as never, options as never)).rejects.toMatchObject({ code: "closing" });
});

describe("hub.stop", () => {
  test.each([
    ["a path", "jobs/a", undefined, "got string"],
    ["an address of another contract", { ...room, path: "halls/lobby" }, undefined, "of this contract"],
    ["an address of a channel with another name", { ...room, name: "__proto__" }, undefined, "of this contract"],
    ["a reason that is no text", job, 5, 'Expected "reason" to be'],
    ["a reason that is too long", job, "x".repeat(1_001), "to 1000, got 1001"],
  ])("refuses %s, and appends nothing", async (_what, address, reason, message) => {
    const { hub, log } = await openJobsHub();
    await expect(hub.stop(address as never, reason as never)).rejects.toThrow(message);
    expect(log.calls["append"]).toBe(0);
  });

  test("of an address that nobody writes to does nothing", async () => {
    const { hub, clock } = await openJobsHub();
    await expect(hub.stop(job, "x".repeat(1_000))).resolves.toBeUndefined();
    await clock.settle();
  });
});

test("a hub that has heard of a request to stop leaves no timer behind when it closes", async () => {
  const { hub, clock } = await openJobsHub();
  await hub.stop(job, "enough");
  await clock.settle();
  await hub.close();
  expect(clock.pending).toBe(0);
});

describe("a writer with await using", () => {
  test("ends its address as aborted when its block throws, after what it has published", async () => {
    const { hub, connect, clock } = await openJobsHub();
    const { sink } = await connect("channel=jobs/a");
    const work = async () => {
      await using writer = await hub.lease(job, { ttl: 10_000, aborted });
      void writer.publish("line", { text: "1" });
      throw new Error("The model has failed.");
    };
    await expect(work()).rejects.toThrow("The model has failed.");
    await clock.settle();
    expect(sink.received).toEqual(['jobs/a:line {"text":"1"}', 'jobs/a:end {"files":0}']);
    await expect(hub.lease(job, { ttl: 10_000, aborted })).rejects.toMatchObject({ code: "ended" });
  });

  test("leaves its own end as it is, also one that is under way", async () => {
    for (const waits of [true, false]) {
      const { hub, connect, clock } = await openJobsHub();
      const { sink } = await connect("channel=jobs/a");
      let ending: Promise<unknown> = Promise.resolve();
      {
        await using writer = await hub.lease(job, { ttl: 10_000, aborted });
        ending = writer.end({ files: 3 });
        if (waits) await ending;
      }
      await clock.settle();
      expect(sink.received).toEqual(['jobs/a:end {"files":3}']);
      await ending;
    }
  });

  test.each([
    [1, 3],
    [2, 0],
  ])("waits for every end that is under way: after %d refused ones the end has %d files", async (refused, files) => {
    const { hub, log, connect, clock } = await openJobsHub();
    const { sink } = await connect("channel=jobs/a");
    const append = log.append.bind(log);
    let ends = 0;
    log.append = async (batch) => {
      if (batch.some(({ data }) => data === '{"files":3}') && ends++ < refused) {
        throw new AppendError("none", "The disk is full.");
      }
      return append(batch);
    };
    {
      await using writer = await hub.lease(job, { ttl: 10_000, aborted });
      const end = () => writer.end({ files: 3 });
      void end()
        .catch(end)
        .catch(() => {});
    }
    await clock.settle();
    expect(sink.received).toEqual([`jobs/a:end {"files":${files}}`]);
  });

  test("gives the lease up where the channel declares no end, and once is enough", async () => {
    const { hub } = await openJobsHub();
    const writer = await hub.lease(room, { ttl: 10_000 });
    await writer[Symbol.asyncDispose]();
    await writer[Symbol.asyncDispose]();
    await using other = await hub.lease(room, { ttl: 10_000 });
    expect(other.signal.aborted).toBe(false);
    await other.release();
  });

  test("throws nothing when the lease is lost, and publishes nothing", async () => {
    const { hub, connect, clock } = await openJobsHub();
    const { sink } = await connect("channel=jobs/a");
    {
      await using writer = await hub.lease(job, { ttl: 10_000, aborted });
      expect(writer.signal.aborted).toBe(false);
      await hub.end(job, { files: 7 });
    }
    await clock.settle();
    expect(sink.received).toEqual(['jobs/a:end {"files":7}']);
  });

  test("throws what the log refuses", async () => {
    const { hub, log } = await openJobsHub();
    const writer = await hub.lease(job, { ttl: 10_000, aborted });
    log.append = () => Promise.reject(new AppendError("none", "The disk is full."));
    await expect(writer[Symbol.asyncDispose]()).rejects.toThrow("The disk is full.");
  });
});
