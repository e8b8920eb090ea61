import { createClient } from "@tidings/client";
import { createPresence } from "@tidings/client/presence";
import { channel, defineContract } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { expectTypeOf } from "vitest";
import { z } from "zod";

const app = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
  people: peopleChannel("rooms/:roomId/people", z.object({ typingSince: isoDate })),
  names: peopleChannel("names"),
  crowd: countChannel("crowd"),
  servers: serversChannel("servers"),
});
const client = createClient(app, { url: "/events" });
const presence = createPresence(client, { contract: app, servers: app.servers() });

// A person has the state of the channel
const people = presence.people(app.people({ roomId: "lobby" }), {
  onJoin: ({ viewer, since, state }) => {
    expectTypeOf(viewer).toEqualTypeOf<string>();
    expectTypeOf(since).toEqualTypeOf<number>();
    expectTypeOf(state).toEqualTypeOf<{ typingSince: Date } | null>();
  },
});
expectTypeOf(people.value[0]?.state).toEqualTypeOf<{ typingSince: Date } | null | undefined>();
expectTypeOf(presence.people(app.names()).value[0]?.state).toEqualTypeOf<null | undefined>();
expectTypeOf(presence.count(app.crowd()).value).toEqualTypeOf<number>();

// … and other channels have nobody
// @ts-expect-error -- not a channel of people
presence.people(app.room({ roomId: "lobby" }));
// @ts-expect-error -- only a number
presence.people(app.crowd());
// @ts-expect-error -- no number
presence.count(app.names());
// @ts-expect-error -- not the servers
createPresence(client, { contract: app, servers: app.names() });
// @ts-expect-error -- a misspelt handler
presence.people(app.names(), { onJion: () => {} });
