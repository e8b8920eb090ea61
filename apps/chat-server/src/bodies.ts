import {
  Emoji,
  MAX_NAME,
  MAX_ROOM_NAME,
  MAX_TEXT,
  MAX_TOPIC,
  NewName,
  NewRoomName,
  NewText,
  NewTopic,
  REACTIONS,
} from "@tidings-apps/chat-contract";
import express from "express";
import * as z from "zod/mini";
import { Problem } from "./problem.ts";

/**
 * Reads JSON bodies of at most 64 KiB. It ignores other content types: a form on another site cannot send JSON.
 */
export const readBody: ReturnType<typeof express.json> = express.json({ limit: 64 * 1024 });

/** The schema of a request's body, and the error message for a body that does not fit it. */
export interface BodyFormat<Body> {
  readonly schema: z.ZodMiniType<Body>;
  readonly expected: string;
}

const singleSpaces = z.overwrite<string>((text) => text.replaceAll(/\s+/gu, " "));
/** Replaces half surrogate pairs: neither UTF-8 nor SQLite can keep them. */
const makeWellFormed = z.overwrite<string>((text) => text.toWellFormed());
const isWellFormed = (text: string): boolean => text.isWellFormed();
const tidyLine = z.string().check(z.normalize("NFC"), singleSpaces, z.trim());

/** `POST /api/session` */
export const SIGN_IN: BodyFormat<{ name: string }> = {
  schema: z.object({ name: z.pipe(tidyLine, NewName) }),
  expected: `Expected JSON like {"name": "ada"}: 1 to ${MAX_NAME} visible characters that fit into an address.`,
};

const TEXT_RULE = `1 to ${MAX_TEXT} characters, some of them visible, none that turns the text around`;
const ROOM_NAME_RULE = `1 to ${MAX_ROOM_NAME} visible characters that fit into an address`;

/** `POST /api/rooms` */
export const NEW_ROOM: BodyFormat<{ name: string }> = {
  schema: z.object({ name: z.pipe(tidyLine, NewRoomName) }),
  expected: `Expected JSON like {"name": "Tea room"}: ${ROOM_NAME_RULE}.`,
};

/** `PUT /api/rooms/:roomId/read` */
export const READ_MARK: BodyFormat<{ number: number }> = {
  schema: z.object({ number: z.int().check(z.nonnegative()) }),
  expected: `Expected JSON like {"number": 12}: the number of a message.`,
};

/** `POST /api/rooms/:roomId/messages` */
export const NEW_MESSAGE: BodyFormat<{ text: string; idempotencyKey?: string | undefined }> = {
  schema: z.object({
    text: z.pipe(z.string().check(makeWellFormed), NewText),
    // A key that is not well formed is refused, not repaired: repaired, two different keys could become the same.
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128), z.refine(isWellFormed))),
  }),
  expected: `Expected JSON like {"text": "hi"}: ${TEXT_RULE}; "idempotencyKey", if any, 1 to 128.`,
};

/** `PATCH /api/rooms/:roomId/messages/:messageId` */
export const NEW_TEXT: BodyFormat<{ text: string; expects?: string | undefined }> = {
  schema: z.object({ text: z.pipe(z.string().check(makeWellFormed), NewText), expects: z.optional(z.string()) }),
  expected: `Expected JSON like {"text": "hi"}: ${TEXT_RULE}; "expects", if any, the text that it replaces.`,
};

/** `PUT /api/rooms/:roomId/topic` */
export const NEW_TOPIC: BodyFormat<{ text: string; expects?: string | undefined }> = {
  schema: z.object({ text: z.pipe(tidyLine.check(makeWellFormed), NewTopic), expects: z.optional(z.string()) }),
  expected:
    'Expected JSON like {"text": "What we do today"}: ' +
    `empty, or one visible line of at most ${MAX_TOPIC} characters; "expects", if any, the topic that it replaces.`,
};

/** Parses a request's body. @throws Problem 400 if it does not fit the format */
export function parseBody<Body>({ schema, expected }: BodyFormat<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Problem(400, expected);
  return parsed.data;
}

/** Parses the emoji of a request's path. @throws Problem 400 if it is not one of the reactions */
export function parseEmoji(text: string): Emoji {
  const parsed = Emoji.safeParse(text);
  if (!parsed.success) throw new Problem(400, `Expected one of ${REACTIONS.join(" ")} in the path.`);
  return parsed.data;
}

/** Parses where a page of a list begins: a number as text. @throws Problem 400 for anything else */
export function parseFrom(given: unknown): number {
  if (given === undefined) return 0;
  if (typeof given === "string" && /^\d{1,5}$/.test(given)) return Number(given);
  throw new Problem(400, 'Expected "from" to be a whole number of at most five digits.');
}
