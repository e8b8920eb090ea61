import { channel, defineContract, volatile, type AddressOf } from "@tidings/contract";
import { z } from "zod";

export const contract = defineContract({
  room: channel("rooms/:roomId", {
    message: z.object({ number: z.number() }),
    typing: volatile(z.object({ at: z.number() })),
  }),
  inbox: channel("users/:userId/inbox", {
    message: z.object({ number: z.number() }),
    typing: volatile(z.object({ at: z.number() })),
  }),
});

export type AnyAddress = AddressOf<typeof contract, "room"> | AddressOf<typeof contract, "inbox">;
