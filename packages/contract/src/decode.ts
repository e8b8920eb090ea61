import { safeParse } from "zod/v4/core";
import type { Schema } from "./event.ts";
import { validate } from "./validation.ts";

/**
 * The decoded data of parsed JSON that an `Encoder` wrote.
 *
 * @param label names the schema in errors, e.g. `room.message`
 * @throws ContractError `invalid-data`
 */
export function decode(schema: Schema, value: unknown, label: string): unknown {
  return validate(safeParse, schema, value, label, " The server may have another version of the contract.");
}
