import { defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { z } from "zod";

export const app = defineContract({
  people: peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() })),
  hall: countChannel("halls/:hallId/count"),
  servers: serversChannel("servers"),
});
export type App = typeof app;

export const lobby = app.people({ roomId: "lobby" });
export const hall = app.hall({ hallId: "large" });
