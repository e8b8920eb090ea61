import { expect, test } from "vitest";
import { z } from "zod";
import { channel, defineContract, latest } from "./index.ts";
import { checkContract } from "./check.ts";
import { countChannel, hereKey, peopleChannel, peopleOf, presenceKind, serversChannel } from "./presence.ts";

const app = defineContract({
  people: peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() })),
  names: peopleChannel("names"),
  crowd: countChannel("crowd"),
  servers: serversChannel("servers"),
  other: channel("other", { here: latest(z.object({ viewer: z.string(), server: z.string(), since: z.number() })) }),
});

test("the channels are fit for a hub, and are known by what has made them", () => {
  expect(() => checkContract(app)).not.toThrow();
  const kinds = Object.values(app).map((each) => presenceKind(each));
  expect(kinds).toEqual(["people", "people", "count", "servers", null]);
});

test("a viewer has one value for each server, and one state", () => {
  const here = { viewer: "a/b", server: "s1", since: 5 };
  expect(app.people.events.here.key(here)).toBe("s1/a/b");
  expect(hereKey(here)).toBe("s1/a/b");
  expect(app.people.events.state.key({ viewer: "ada", state: { isTyping: true } })).toBe("ada");
  expect(app.servers.events.alive.expires).toBeLessThan(30_000);
});

test("people are those whose server is alive, each once, since the first moment, the first ones first", () => {
  const heres = [
    { viewer: "bo", server: "s1", since: 7 },
    { viewer: "ada", server: "s2", since: 9 },
    { viewer: "bo", server: "s2", since: 4 },
    { viewer: "dead", server: "s3", since: 1 },
    { viewer: "cleo", server: "s2", since: 4 },
  ];
  const people = peopleOf(
    heres,
    (server) => server !== "s3",
    (viewer) => (viewer === "ada" ? "typing" : null),
  );
  expect(people).toEqual([
    { viewer: "bo", since: 4, state: null },
    { viewer: "cleo", since: 4, state: null },
    { viewer: "ada", since: 9, state: "typing" },
  ]);
});
