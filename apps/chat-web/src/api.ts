import { Message, PERSON_HEADER, personHeader, Room, type Emoji, type Membership } from "@tidings-apps/chat-contract";
import * as z from "zod/mini";

/** A request has failed. The message is a sentence for the person at the screen. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Whether the same request can succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Milliseconds that the server has for an answer. */
const REQUEST_TIMEOUT = 15_000;

/** What a 409 says, by the call. An edit, a topic and a sign-in explain it where they are. */
const FASTER = "Somebody was faster.";
const TOO_MANY_ROOMS = "There are too many rooms already, or too many of yours.";
const TOO_MANY_REACTIONS = "This message has as many reactions as it can have.";

/** Whose page this is; null before the first sign-in. */
let person: string | null = null;

/** From now on, requests are made for this person only, whoever signs in in another tab. */
export function actAs(name: string): void {
  person = name;
}

const Person = z.object({ name: z.string() });

/** Returns the name of the person who is signed in, or null. @throws ApiError */
export async function whoAmI(): Promise<string | null> {
  const { viewer } = z.object({ viewer: z.nullable(Person) }).parse(await sendForJson("GET", "/api/session"));
  return viewer?.name ?? null;
}

/** Signs in, and returns the name in the form that the server keeps. @throws ApiError */
export async function signIn(name: string): Promise<string> {
  return z.object({ viewer: Person }).parse(await sendForJson("POST", "/api/session", { name })).viewer.name;
}

/** Ends the session. @throws ApiError */
export async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
}

const Rooms = z.object({
  rooms: z.array(z.extend(Room, { joined: z.boolean(), read: z.number(), newest: z.number() })),
  next: z.nullable(z.number()),
});

/** Returns every room with the person's membership and the newest message number. @throws ApiError */
export async function listRooms(): Promise<z.infer<typeof Rooms>["rooms"]> {
  const all: z.infer<typeof Rooms>["rooms"] = [];
  const asker = person;
  for (let from: number | null = 0; from !== null;) {
    const { rooms, next }: z.infer<typeof Rooms> = Rooms.parse(await sendForJson("GET", `/api/rooms?from=${from}`));
    // Another person may have signed in at this page since the first page of the list.
    if (person !== asker) throw new ApiError(401, "Your session has ended.");
    all.push(...rooms);
    from = next;
  }
  return all;
}

/** Creates a room and joins it. If a room has this name already, joins that one. @throws ApiError */
export async function createRoom(name: string): Promise<Room> {
  const body = await sendForJson("POST", "/api/rooms", { name }, TOO_MANY_ROOMS);
  return z.object({ room: Room }).parse(body).room;
}

/** Joins or leaves a room. @throws ApiError */
export async function setMembership(roomId: string, joined: boolean): Promise<void> {
  await send(joined ? "PUT" : "DELETE", `${roomPath(roomId)}/membership`);
}

/** Marks a room as read up to a message number. @throws ApiError */
export async function putRead({ roomId, read: number }: Pick<Membership, "roomId" | "read">): Promise<void> {
  await send("PUT", `${roomPath(roomId)}/read`, { number });
}

/** Sets the topic of a room. @param expects the topic that it replaces @throws ApiError 409 if there is another one */
export async function putTopic(roomId: string, text: string, expects: string): Promise<void> {
  await send("PUT", `${roomPath(roomId)}/topic`, { text, expects });
}

/**
 * Sends a message, and returns the id of its event, or of a later one of the room.
 * @param idempotencyKey the same for every attempt to send one message @throws ApiError
 */
export async function postMessage(roomId: string, text: string, idempotencyKey: string): Promise<string> {
  const body = await sendForJson("POST", `${roomPath(roomId)}/messages`, { text, idempotencyKey });
  return z.object({ eventId: z.string() }).parse(body).eventId;
}

/** What to do with a text, and what it replaces. */
export interface Edit {
  readonly text: string;
  /** The text that the person has seen. */
  readonly expects: string;
}

/** Changes the text of a message. @throws ApiError 409 if it does not have the expected text any more */
export async function patchMessage(roomId: string, messageId: string, edit: Edit): Promise<Message> {
  const body = await sendForJson("PATCH", messagePath(roomId, messageId), edit);
  return z.object({ message: Message }).parse(body).message;
}

/** Deletes a message. @throws ApiError */
export async function deleteMessage(roomId: string, messageId: string): Promise<void> {
  await send("DELETE", messagePath(roomId, messageId));
}

/** Adds a reaction to a message, or takes it back. @throws ApiError */
export async function putReaction(roomId: string, messageId: string, emoji: Emoji, isOn: boolean): Promise<Message> {
  const path = `${messagePath(roomId, messageId)}/reactions/${encodeURIComponent(emoji)}`;
  const body = await sendForJson(isOn ? "PUT" : "DELETE", path, undefined, TOO_MANY_REACTIONS);
  return z.object({ message: Message }).parse(body).message;
}

/** Asks for an answer of the assistant to be stopped. @throws ApiError */
export async function stopAnswer(roomId: string, messageId: string): Promise<void> {
  await send("POST", `${messagePath(roomId, messageId)}/stop`);
}

/** Sends a typing hint. @throws ApiError */
export async function postTyping(roomId: string): Promise<void> {
  await send("POST", `${roomPath(roomId)}/typing`);
}

function roomPath(roomId: string): string {
  return `/api/rooms/${encodeURIComponent(roomId)}`;
}

function messagePath(roomId: string, messageId: string): string {
  return `${roomPath(roomId)}/messages/${encodeURIComponent(messageId)}`;
}

async function sendForJson(method: string, path: string, body?: unknown, conflict?: string): Promise<unknown> {
  const response = await send(method, path, body, conflict);
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, "The server's answer broke off.");
  }
}

async function send(method: string, path: string, body?: unknown, conflict = FASTER): Promise<Response> {
  const response = await fetchOrThrow(path, {
    method,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT),
    headers: {
      ...(person === null ? {} : { [PERSON_HEADER]: personHeader(person) }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const sentences: Readonly<Record<number, string>> = {
    401: "Your session has ended.",
    403: "Only its author can do that.",
    404: "It is not there any more.",
    409: conflict,
    413: "That is too long.",
  };
  throw new ApiError(response.status, sentences[response.status] ?? "The server did not take it.");
}

async function fetchOrThrow(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(0, navigator.onLine ? "The server did not answer." : "You are offline.");
  }
}
