import { channel, defineContract, latest } from "@tidings/contract";
import { z } from "zod";

const end = z.object({ outcome: z.enum(["done", "stopped", "aborted"]) });

export const contract = defineContract({
  answer: channel("answers/:id", { token: z.object({ text: z.string() }), length: latest(z.number()) }, { end }),
  board: channel("boards/:id", { line: z.object({ text: z.string() }) }),
});
