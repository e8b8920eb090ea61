import { safeParse } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import type { Schema } from "./event.ts";

/**
 * Decodes parsed JSON that an `Encoder` wrote. The error quotes the first fault in zod's own words, since a browser
 * downloads every sentence; `cause` holds all faults.
 *
 * @param label names the schema in errors, e.g. `room.message`
 * @throws ContractError `invalid-data`
 * @throws whatever a check or codec of the schema throws
 */
export function decode(schema: Schema, value: unknown, label: string): unknown {
  const result = safeParse(schema, value);
  if (result.success) return result.data;
  const [fault] = result.error.issues;
  const path = [label, ...(fault?.path ?? [])].join(".");
  throw new ContractError("invalid-data", `${path}: ${fault?.message} (${fault?.code}).`, { cause: result.error });
}
