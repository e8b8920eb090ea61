import { safeParse } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import type { Schema } from "./event.ts";

/**
 * The decoded data of parsed JSON that an `Encoder` wrote. Its errors name the first fault in zod's own words, since a browser
 * pays for every sentence; all of them are in `cause`.
 *
 * @param label names the schema in errors, e.g. `room.message`
 * @throws ContractError `invalid-data`; and whatever a check or codec of the schema throws
 */
export function decode(schema: Schema, value: unknown, label: string): unknown {
  const result = safeParse(schema, value);
  if (result.success) return result.data;
  const [fault] = result.error.issues;
  const place = [label, ...(fault?.path ?? [])].join(".");
  throw new ContractError("invalid-data", `${place}: ${fault?.message} (${fault?.code}).`, { cause: result.error });
}
