import { createTestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { contractWithSnapshot } from "../packages/contract/test/test-contract.ts";

test("a client of thirty rooms with large states gets them all, although a page has room for eight", async () => {
  const kit = await createTestKit(contractWithSnapshot, {
    limits: { stateBytes: 1_000 },
    snapshot: { room: () => ({ text: "x".repeat(900) }) },
  });
  const client = kit.connect();
  const states = new Map<string, number>();
  for (let index = 0; index < 30; index++) {
    const room = contractWithSnapshot.room({ roomId: String(index) });
    client.subscribe(room, {
      snapshot: () => void states.set(room.path, (states.get(room.path) ?? 0) + 1),
      message: () => {},
    });
  }
  await kit.clock.advance(60_000);
  expect([...states.values()]).toEqual(Array.from({ length: 30 }, () => 1));
  await kit[Symbol.asyncDispose]();
});
