import { defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { memoryLog } from "@tidings/log";
import { expect, onTestFinished, test, vi } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { request } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { createHub } from "../hub.ts";
import { createPresence, type PresenceOptions } from "./create-presence.ts";

const app = defineContract({ people: peopleChannel("people"), servers: serversChannel("servers") });
const servers = app.servers();

test.each([
  [{ servers: app.people() }, /"servers" to be an address of a channel made by serversChannel, got "people"/],
  [{ servers: undefined }, /made by serversChannel, got null/],
  [{ contract: "app" }, /"contract" to be an object, got string/],
  [{ contract: undefined }, /"contract" to be an object, got undefined/],
  [{ grace: 15_001 }, /"grace" to be a number from 0 to 15000, got 15001/],
  [{ mostPeople: 0 }, /"mostPeople" to be a number from 1/],
  [{ mostAddresses: Number.NaN }, /"mostAddresses" to be a number from 1/],
  [{ clock: {} }, /"clock" to have a method "now"/],
  [{ onError: true }, /"onError" to be a function, got boolean/],
  [{ lease: 5 }, /Expected one of contract, servers, .* got "lease"/],
])("the options %j are refused", (options, message) => {
  const hub = createHub(app, { log: memoryLog(), authorize: () => true });
  onTestFinished(() => hub.close());
  const create = () => createPresence(hub, { contract: app, servers, ...options } as PresenceOptions<typeof app>);
  expect(create).toThrow(TypeError);
  expect(create).toThrow(message);
});

test.each([
  [null, "Expected the stream to be an object, got null."],
  [{ addresses: [] }, 'Expected the "viewerId" that onConnect of the hub gets, a string, got undefined.'],
  [{ viewerId: "ada" }, 'Expected "addresses" to be an array, got null.'],
  [{ viewerId: "ada", addresses: app.people() }, 'Expected "addresses" to be an array, got object.'],
  [{ viewerId: "ada", addresses: [null] }, "Expected an address such as chat.room({ roomId }), got null."],
])("%j in place of a stream is refused", (stream, message) => {
  const hub = createHub(app, { log: memoryLog(), authorize: () => true });
  onTestFinished(() => hub.close());
  const presence = createPresence(hub, { contract: app, servers });
  expect(() => presence.connect(stream as never)).toThrow(message);
  expect(() => presence.disconnect(stream as never)).toThrow(message);
});

test("a contract that is not that of the hub is reported, and does not end the process", async () => {
  const hub = createHub(app, { log: memoryLog(), authorize: () => true });
  onTestFinished(() => hub.close());
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const other = defineContract({ ...app, servers: serversChannel("machines"), hall: countChannel("hall") });
  // @ts-expect-error -- the hub has another contract
  const presence = createPresence(hub, { contract: other, servers: other.servers(), onError });
  presence.connect({ viewerId: "ada", addresses: [other.hall()] });
  await vi.waitFor(() => expect(errors).toContainEqual(expect.objectContaining({ code: "unknown-channel" })));
  await presence.close();
});

test.for<readonly [how: string, onError: () => unknown]>([
  ["throws", () => expect.unreachable("onError")],
  ["rejects", () => Promise.reject(new Error("onError"))],
])("a server whose onError fails (%s) says who is there when the log is back", async ([, onError]) => {
  const reported = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => reported.mockRestore());
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now });
  const hub = createHub(app, { log, clock, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const presence = createPresence(hub, { contract: app, servers, clock, onError });
  log.fails = true;
  presence.connect({ viewerId: "ada", addresses: [app.people()] });
  await clock.advance(3_000);
  log.fails = false;
  await clock.advance(30_000);
  const { entries } = await log.current(["servers", "people"], null, { entries: 10, bytes: 1_000 });
  expect(entries.map(({ type }) => type).toSorted()).toEqual(["alive", "here"]);
  expect(reported).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining("onError") }));
  await presence.close();
});

test("a viewer whose object the application changes leaves as who they came", async () => {
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now });
  const viewer = { id: "ada" };
  const hub = createHub(app, {
    log,
    clock,
    authenticate: () => viewer,
    authorize: () => true,
    onLog: () => {},
    onConnect: (stream) => presence.connect(stream),
    onDisconnect: (stream) => presence.disconnect(stream),
  });
  onTestFinished(() => hub.close());
  const presence = createPresence(hub, { contract: app, servers, clock });
  const people = async () => {
    const { entries } = await log.current(["people"], null, { entries: 10, bytes: 1_000 });
    return entries.map(({ key }) => key);
  };
  await clock.settle();
  const asking = hub.handle(request("channel=people"));
  await clock.settle();
  const response = await asking;
  if (!("open" in response)) throw new Error("Expected a stream.");
  viewer.id = "bob";
  const stream = response.open(new BufferSink());
  await clock.advance(1_000);
  expect(await people()).toEqual([expect.stringContaining("ada")]);
  viewer.id = "cleo";
  stream.closed();
  await clock.advance(10_000);
  expect(await people()).toEqual([]);
  await presence.close();
});

test.for([
  ["nothing", undefined, /got undefined/],
  ["the channel itself", app.people, /got the channel function itself/],
] as const)("%s in place of an address is refused", async ([, address, message]) => {
  const hub = createHub(app, { log: memoryLog(), authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const errors: unknown[] = [];
  const presence = createPresence(hub, { contract: app, servers, onError: (error) => void errors.push(error) });
  await expect(presence.update(address as never, "ada", null)).rejects.toThrow(message);
  expect(() => presence.connect({ viewerId: "ada", addresses: [address as never] })).toThrow(message);
  expect(() => presence.connect({ viewer: { id: "ada" }, addresses: [app.people()] } as never)).toThrow(/"viewerId"/);
  // Nothing was begun for it.
  expect(errors).toEqual([]);
  await presence.close();
});
