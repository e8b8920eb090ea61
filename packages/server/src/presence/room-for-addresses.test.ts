import { defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { expect, onTestFinished, test, vi } from "vitest";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { createHub } from "../hub.ts";
import { createPresence } from "./create-presence.ts";
import { People } from "./people.ts";

const app = defineContract({
  room: peopleChannel("rooms/:id"),
  hall: countChannel("halls/:id"),
  servers: serversChannel("servers"),
});
const room = (id: string) => app.room({ id });
const hall = (id: string) => app.hall({ id });

async function openPresence(mostAddresses: number) {
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now });
  const hub = createHub(app, { log, clock, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const presence = createPresence(hub, {
    contract: app,
    servers: app.servers(),
    clock,
    grace: 0,
    mostAddresses,
    onError,
  });
  /** The types of the values of an address. */
  async function shown(path: string): Promise<readonly string[]> {
    const { entries } = await log.current([path], null, { entries: 10, bytes: 1_000 });
    return entries.map(({ type }) => type);
  }
  async function close(): Promise<void> {
    const closing = presence.close();
    await clock.settle();
    await closing;
    expect(errors).toEqual([]);
  }
  await clock.settle();
  return { clock, presence, shown, close };
}

test.each([
  ["people", room, "here"],
  ["a number", hall, "count"],
])("an address with %s makes room as soon as everybody has left it", async (_, address, type) => {
  const { clock, presence, shown, close } = await openPresence(1);
  const ada = { viewerId: "ada", addresses: [address("a")] };
  presence.connect(ada);
  await clock.advance(2_000);
  presence.connect({ viewerId: "bo", addresses: [address("b")] });
  presence.disconnect(ada);
  await clock.advance(500);
  presence.connect({ viewerId: "cy", addresses: [address("c")] });
  await clock.advance(2_000);
  const [, b, c] = ["a", "b", "c"].map((id) => address(id).path);
  expect([await shown(b ?? ""), await shown(c ?? "")]).toEqual([[], [type]]);
  await close();
});

test("an address with a number makes room when a number that waited is not published any more", async () => {
  const { clock, presence, shown, close } = await openPresence(1);
  const ada = { viewerId: "ada", addresses: [hall("a")] };
  presence.connect(ada);
  await clock.advance(2_000);
  presence.disconnect(ada);
  await clock.advance(100);
  presence.connect(ada);
  presence.disconnect(ada);
  await clock.advance(100);
  presence.connect({ viewerId: "bo", addresses: [hall("b")] });
  await clock.advance(1_000);
  presence.connect({ viewerId: "cy", addresses: [hall("c")] });
  await clock.advance(2_000);
  expect([await shown("halls/a"), await shown("halls/b"), await shown("halls/c")]).toEqual([[], [], ["count"]]);
  await close();
});

test("an address at which only a state was published makes room at once", async () => {
  const { clock, presence, shown, close } = await openPresence(1);
  const ada = { viewerId: "ada", addresses: [room("a")] };
  presence.connect(ada);
  await clock.settle();
  presence.disconnect(ada);
  // The lease ends with the last address.
  await clock.advance(30_000);
  const updating = presence.update(room("b"), "bo", null);
  await clock.settle();
  await updating;
  presence.connect({ viewerId: "cy", addresses: [room("c")] });
  await clock.advance(2_000);
  expect(await shown("rooms/c")).toEqual(["here"]);
  await close();
});

test("addresses for which there is no room cost one look at each address that has somebody, at most", async () => {
  const { clock, presence, close } = await openPresence(50);
  const rooms = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => room(String(from + index)));
  presence.connect({ viewerId: "ada", addresses: rooms(0, 50) });
  await clock.settle();
  const look = vi.spyOn(People.prototype, "isVacant", "get");
  onTestFinished(() => look.mockRestore());
  for (let second = 0; second < 5; second++) {
    presence.connect({ viewerId: "eve", addresses: rooms(100 + 100 * second, 200 + 100 * second) });
    await clock.advance(1_000);
  }
  expect(look.mock.calls.length).toBeLessThanOrEqual(50);
  await close();
});
