import type { Client, ClientSubscription } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import { z } from "zod";

const Message = z.object({ author: z.string(), text: z.string() });
export const chat = defineContract({
  room: channel("rooms/:roomId", { message: Message }, { snapshot: z.object({ messages: z.array(Message) }) }),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
  people: peopleChannel("rooms/:roomId/people"),
  servers: serversChannel("servers"),
});
export declare const client: Client<typeof chat>;
export declare const lobby: ClientSubscription;
export declare const token: () => Promise<string>;
export declare const room: {
  replace(state: { readonly messages: readonly z.infer<typeof Message>[] }): void;
  upsert(message: z.infer<typeof Message>): void;
  leave(reason: string): void;
};
export declare const notify: (by: string) => void;
export declare const text: string;
export declare const page: { showInAdvance(text: string): { remove(): void } };
export declare const post: (url: string, body: object) => Promise<{ readonly id: string }>;
interface Person {
  readonly viewer: string;
}
export declare const onJoin: (person: Person) => void;
export declare const onLeave: (person: Person) => void;
export declare const show: (everybody: readonly Person[]) => void;
