import { channel, defineContract } from "@tidings/contract";
import { createTestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const contract = defineContract({
  room: channel("rooms/:roomId", { said: z.object({ text: z.string() }) }, { snapshot: z.array(z.string()) }),
});

test("a client of thirty rooms with large states gets them all, although a page has room for eight", async () => {
  const kit = await createTestKit(contract, {
    limits: { stateBytes: 1_000 },
    snapshot: { room: () => ["x".repeat(900)] },
  });
  const client = kit.connect();
  const states = new Map<string, number>();
  for (let index = 0; index < 30; index++) {
    const room = contract.room({ roomId: String(index) });
    client.subscribe(room, {
      snapshot: () => void states.set(room.path, (states.get(room.path) ?? 0) + 1),
      said: () => {},
    });
  }
  await kit.clock.advance(60_000);
  expect([...states.values()]).toEqual(Array.from({ length: 30 }, () => 1));
  await kit[Symbol.asyncDispose]();
});
