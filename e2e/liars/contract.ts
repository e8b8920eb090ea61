import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

const said = z.object({ text: z.string() });
export const contract = defineContract({
  room: channel("rooms/:roomId", { said }, { snapshot: z.object({ texts: z.array(z.string()) }) }),
  feed: channel("feeds/:name", { said }),
});
export const room = contract.room({ roomId: "lobby" });
export const feed = contract.feed({ name: "news" });
