import { MAX_NAME, MAX_TEXT, Name, Text } from "@tidings-apps/chat-contract";
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

/** `POST /api/session` */
export const SIGN_IN: BodyForm<{ name: string }> = {
  schema: z.object({ name: z.pipe(z.string().check(z.normalize("NFC"), oneSpace, z.trim()), Name) }),
  expected: `Expected JSON like {"name": "ada"}: 1 to ${MAX_NAME} characters.`,
};

/** `POST /api/rooms/:roomId/messages` */
export const NEW_MESSAGE: BodyForm<{ text: string; idempotencyKey?: string | undefined }> = {
  schema: z.object({
    text: Text,
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  }),
  expected: `Expected JSON like {"text": "hi"}: 1 to ${MAX_TEXT} characters that are not all spaces; "idempotencyKey", if any, 1 to 128.`,
};

/** @throws Problem 400 */
export function parseBody<Body>({ schema, expected }: BodyForm<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Problem(400, expected);
  return parsed.data;
}
