import { channel, defineContract, latest } from "@tidings/contract";
import type { Hub } from "@tidings/server";
import { z } from "zod";

const contract = defineContract({
  room: channel("rooms/:roomId", { topic: latest(z.object({ text: z.string() })) }),
  leaders: channel("leaders", { leader: latest(z.object({ process: z.string() }), { expires: 10_000 }) }),
  jobs: channel("jobs", { started: z.object({ job: z.number() }) }),
});
export declare const hub: Hub<typeof contract>;
export const lobby = contract.room({ roomId: "lobby" });
export const leaders = contract.leaders();
export const jobs = contract.jobs();
export declare const name: string;
export declare const id: string;
export declare const job: number;
