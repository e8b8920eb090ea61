import { Message, Room, type Membership } from "@tidings-apps/chat-contract";
import * as z from "zod/mini";

/** What the server said no to, or that it did not answer, in a sentence for the person at the screen. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** How long the server may take to answer, in milliseconds. */
const PATIENCE = 15_000;

const Person = z.object({ name: z.string() });

/** The name that the session's cookie stands for, or null. @throws ApiError */
export async function whoAmI(): Promise<string | null> {
  const { viewer } = z.object({ viewer: z.nullable(Person) }).parse(await read("GET", "/api/session"));
  return viewer?.name ?? null;
}

/** Returns the name as the server keeps it. @throws ApiError */
export async function signIn(name: string): Promise<string> {
  return z.object({ viewer: Person }).parse(await read("POST", "/api/session", { name })).viewer.name;
}

/** @throws ApiError */
export async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
}

const Rooms = z.object({
  rooms: z.array(z.extend(Room, { joined: z.boolean(), read: z.number(), newest: z.number() })),
});

/** Every room, the person's place in it and its newest number. @throws ApiError */
export async function listRooms(): Promise<z.infer<typeof Rooms>["rooms"]> {
  return Rooms.parse(await read("GET", "/api/rooms")).rooms;
}

/** Opens a room and joins it; one of that name may be there already. @throws ApiError */
export async function createRoom(name: string): Promise<Room> {
  return z.object({ room: Room }).parse(await read("POST", "/api/rooms", { name })).room;
}

/** @throws ApiError */
export async function setMembership(roomId: string, joined: boolean): Promise<void> {
  await send(joined ? "PUT" : "DELETE", `${roomPath(roomId)}/membership`);
}

/** @throws ApiError */
export async function putRead({ roomId, read: number }: Pick<Membership, "roomId" | "read">): Promise<void> {
  await send("PUT", `${roomPath(roomId)}/read`, { number });
}

/** @throws ApiError */
export async function putTopic(roomId: string, text: string): Promise<void> {
  await send("PUT", `${roomPath(roomId)}/topic`, { text });
}

/** @param idempotencyKey the same for every attempt at one message. @throws ApiError */
export async function postMessage(roomId: string, text: string, idempotencyKey: string): Promise<Message> {
  const answered = await read("POST", `${roomPath(roomId)}/messages`, { text, idempotencyKey });
  return z.object({ message: Message }).parse(answered).message;
}

/** @throws ApiError */
export async function postTyping(roomId: string): Promise<void> {
  await send("POST", `${roomPath(roomId)}/typing`);
}

const roomPath = (roomId: string): string => `/api/rooms/${encodeURIComponent(roomId)}`;

async function read(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await send(method, path, body);
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, "The server's answer broke off.");
  }
}

async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const response = await answer(path, {
    method,
    signal: AbortSignal.timeout(PATIENCE),
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const sentences: Readonly<Record<number, string>> = {
    401: "Your session has ended.",
    404: "The server does not know this room.",
    413: "That is too long.",
  };
  throw new ApiError(response.status, sentences[response.status] ?? "The server did not take it.");
}

async function answer(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(0, navigator.onLine ? "The server did not answer." : "You are offline.");
  }
}
