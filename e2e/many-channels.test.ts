import { createTestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { testContract } from "../packages/contract/test/test-contract.ts";

const addresses = (count: number, padding: string) =>
  Array.from({ length: count }, (_, index) => testContract.room({ roomId: `${index}${padding}` }));

test.each([
  ["a hundred channels of a request", { channels: 100 }, 350, ""],
  ["a thousand, whose names are longer than a body may be", { channels: 1_000 }, 1_000, "x".repeat(80)],
])("at a server that allows %s, a client follows more", async (_, limits, count, padding) => {
  const kit = await createTestKit(testContract, { authorize: () => true, limits });
  const heard: string[] = [];
  const all = addresses(count, padding);
  const subscriptions = all.map((address) =>
    kit.client.subscribe(address, { message: (_data, { channel }) => heard.push(channel), onGap: () => {} }),
  );
  await kit.clock.advance(1_000);
  expect(subscriptions.filter(({ status }) => status.value.state !== "live")).toEqual([]);
  for (const address of all) await kit.hub.publish(address, "message", { text: "hi" });
  await kit.restartServer();
  await kit.clock.advance(10_000);
  for (const address of all) await kit.hub.publish(address, "message", { text: "again" });
  await kit.clock.advance(10_000);
  const paths = all.flatMap(({ path }) => [path, path]);
  expect(heard.toSorted()).toEqual(paths.toSorted());
  await kit[Symbol.asyncDispose]();
});
