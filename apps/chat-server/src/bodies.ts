import { MAX_NAME, MAX_ROOM_NAME, MAX_TEXT, MAX_TOPIC, Name, RoomName, Text, Topic } from "@tidings-apps/chat-contract";
import express, { type RequestHandler } from "express";
import * as z from "zod/mini";
import { Problem } from "./problem.ts";

/** Reads JSON bodies of 64 KiB at most. Other content types are left alone: a form of another site cannot send this one. */
export const readBody: RequestHandler = express.json({ limit: 64 * 1024 });

/** What a request's body has to be, and the sentence for one that is not. */
export interface BodyForm<Body> {
  readonly schema: z.ZodMiniType<Body>;
  readonly expected: string;
}

const oneSpace = z.overwrite<string>((text) => text.replaceAll(/\s+/gu, " "));
/** Half a surrogate pair survives neither UTF-8 nor SQLite. */
const wellFormed = z.overwrite<string>((text) => text.toWellFormed());
const isWellFormed = (text: string): boolean => text.isWellFormed();
const tidyLine = z.string().check(z.normalize("NFC"), oneSpace, z.trim());

/** `POST /api/session` */
export const SIGN_IN: BodyForm<{ name: string }> = {
  schema: z.object({ name: z.pipe(tidyLine, Name) }),
  expected: `Expected JSON like {"name": "ada"}: 1 to ${MAX_NAME} characters that fit into an address.`,
};

/** `POST /api/rooms` */
export const NEW_ROOM: BodyForm<{ name: string }> = {
  schema: z.object({ name: z.pipe(tidyLine, RoomName) }),
  expected: `Expected JSON like {"name": "Tea room"}: 1 to ${MAX_ROOM_NAME} characters that fit into an address.`,
};

/** `PUT /api/rooms/:roomId/read` */
export const READ_MARK: BodyForm<{ number: number }> = {
  schema: z.object({ number: z.int().check(z.nonnegative()) }),
  expected: `Expected JSON like {"number": 12}: the number of a message.`,
};

/** `POST /api/rooms/:roomId/messages` */
export const NEW_MESSAGE: BodyForm<{ text: string; idempotencyKey?: string | undefined }> = {
  schema: z.object({
    text: z.pipe(z.string().check(wellFormed), Text),
    // Mended, two different keys could become one, and a message would be taken for another.
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128), z.refine(isWellFormed))),
  }),
  expected: `Expected JSON like {"text": "hi"}: 1 to ${MAX_TEXT} characters that are not all spaces; "idempotencyKey", if any, 1 to 128.`,
};

/** `PUT /api/rooms/:roomId/topic` */
export const NEW_TOPIC: BodyForm<{ text: string }> = {
  schema: z.object({ text: z.pipe(tidyLine.check(wellFormed), Topic) }),
  expected: `Expected JSON like {"text": "What we do today"}: one line of ${MAX_TOPIC} characters at most.`,
};

/** @throws Problem 400 */
export function parseBody<Body>({ schema, expected }: BodyForm<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Problem(400, expected);
  return parsed.data;
}
