import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

/** The contract for tests that need a channel and an event, whichever they are. */
export const testContract = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
});

/** The room in which such tests publish. */
export const lobby = testContract.room({ roomId: "lobby" });
