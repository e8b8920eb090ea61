import { z } from "zod";
import { channel, defineContract } from "../src/index.ts";

const message = z.object({ text: z.string() });

/** The contract for tests that need a channel and an event, whichever they are. */
export const testContract = defineContract({
  room: channel("rooms/:roomId", { message }),
});

/** The room in which such tests publish. */
export const lobby = testContract.room({ roomId: "lobby" });

/** The same with a snapshot. */
export const contractWithSnapshot = defineContract({
  room: channel("rooms/:roomId", { message }, { snapshot: message }),
});
