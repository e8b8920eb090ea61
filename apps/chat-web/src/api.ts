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
}

/** How long the server may take to answer, in milliseconds. */
const PATIENCE = 15_000;

const Person = z.object({ name: z.string() });

/** The name that the session's cookie stands for, or null. @throws ApiError */
export async function whoAmI(): Promise<string | null> {
  const response = await send("GET", "/api/session");
  const { viewer } = z.object({ viewer: z.nullable(Person) }).parse(await response.json());
  return viewer?.name ?? null;
}

/** Returns the name as the server keeps it. @throws ApiError */
export async function signIn(name: string): Promise<string> {
  const response = await send("POST", "/api/session", { name });
  const { viewer } = z.object({ viewer: Person }).parse(await response.json());
  return viewer.name;
}

/** @throws ApiError */
export async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
}

/** @param idempotencyKey the same for every attempt at one message. @throws ApiError */
export async function postMessage(roomId: string, text: string, idempotencyKey: string): Promise<void> {
  await send("POST", `/api/rooms/${encodeURIComponent(roomId)}/messages`, { text, idempotencyKey });
}

/** @throws ApiError */
export async function postTyping(roomId: string): Promise<void> {
  await send("POST", `/api/rooms/${encodeURIComponent(roomId)}/typing`);
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
    413: "That is too long.",
  };
  throw new ApiError(response.status, sentences[response.status] ?? "The server did not take it.");
}

async function answer(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(0, navigator.onLine ? "The server did not answer." : "You were offline.");
  }
}
