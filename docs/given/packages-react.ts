import { channel, defineContract } from "@tidings/contract";
import type { ReactNode } from "react";
import { z } from "zod";

export { createRoot } from "react-dom/client";

export const Message = z.object({ id: z.string(), text: z.string() });
export type Message = z.infer<typeof Message>;
export const chat = defineContract({
  room: channel("rooms/:roomId", { message: Message }, { snapshot: z.object({ messages: z.array(Message) }) }),
});
export declare const upsert: (messages: readonly Message[], message: Message) => readonly Message[];
export declare const Messages: (props: { readonly messages: readonly Message[] }) => ReactNode;
export declare const element: HTMLElement;
