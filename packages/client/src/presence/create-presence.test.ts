import { defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../create-client.ts";
import { createPresence, type PresenceOptions } from "./create-presence.ts";

const app = defineContract({
  people: peopleChannel("people"),
  crowd: countChannel("crowd"),
  servers: serversChannel("servers"),
});

function open() {
  const client = createClient(app, { url: "http://app.test/events", fetch: () => new Promise(() => {}) });
  onTestFinished(() => client.close());
  return client;
}

test.each([
  [{ servers: app.crowd() }, /an address of a channel made by serversChannel, got "crowd"/],
  [{ servers: undefined }, /made by serversChannel, got null/],
  [{ contract: undefined }, /"contract" to be an object, got undefined/],
  [{ clock: {} }, /"clock" to have a method "setTimeout"/],
  [{ server: 5 }, /Expected one of contract, servers, clock .* got "server"/],
])("the options %j are refused", (options, message) => {
  const client = open();
  const given = { contract: app, servers: app.servers(), ...options } as PresenceOptions<typeof app>;
  expect(() => createPresence(client, given)).toThrow(TypeError);
  expect(() => createPresence(client, given)).toThrow(message);
});

test("an address of another channel, and an unknown handler, are refused", () => {
  const presence = createPresence(open(), { contract: app, servers: app.servers() });
  expect(() => presence.people(app.crowd() as never)).toThrow(/made by peopleChannel, got "crowd"/);
  expect(() => presence.count(app.people() as never)).toThrow(/made by countChannel, got "people"/);
  expect(() => presence.people(app.people(), { onJion: () => {} } as object)).toThrow(/got "onJion"/);
});

test("what is closed calls nobody any more, and the client has no subscription left", () => {
  const client = open();
  const subscribe = vi.spyOn(client, "subscribe");
  const presence = createPresence(client, { contract: app, servers: app.servers() });
  const [people, crowd] = [presence.people(app.people()), presence.count(app.crowd())];
  expect([people.value, crowd.value]).toEqual([[], 0]);
  presence.close();
  const states = subscribe.mock.results.map(({ value }) => (value as ReturnType<typeof client.subscribe>).status.value);
  expect(states).toEqual(Array.from({ length: 3 }, () => ({ state: "closed", reason: "closed" })));
});
