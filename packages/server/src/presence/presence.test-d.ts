import { channel, defineContract } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { createPresence, type Presence } from "@tidings/server/presence";
import { expectTypeOf } from "vitest";
import { z } from "zod";

const app = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
  people: peopleChannel("rooms/:roomId/people", z.object({ typingSince: isoDate })),
  crowd: countChannel("crowd"),
  servers: serversChannel("servers"),
});
const lobby = app.people({ roomId: "lobby" });

// The hooks of the hub fit
const hub: Hub<typeof app> = createHub(app, {
  log: memoryLog(),
  authorize: () => true,
  onConnect: (stream) => presence.connect(stream),
  onDisconnect: (stream) => presence.disconnect(stream),
});
const presence: Presence<typeof app> = createPresence(hub, { contract: app, servers: app.servers() });

// … and a state is the one of the channel
expectTypeOf(presence.update(lobby, "ada", { typingSince: new Date() })).toEqualTypeOf<Promise<void>>();
// @ts-expect-error -- another state
void presence.update(lobby, "ada", { typingSince: "now" });
// @ts-expect-error -- an unknown key
void presence.update(lobby, "ada", { typingSince: new Date(), more: true });
// @ts-expect-error -- nobody has a state where only the number is known
void presence.update(app.crowd(), "ada", { typingSince: new Date() });
// @ts-expect-error -- not the servers
createPresence(hub, { contract: app, servers: lobby });
// @ts-expect-error -- an unknown option
createPresence(hub, { contract: app, servers: app.servers(), mostPersons: 5 });
