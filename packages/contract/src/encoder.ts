import { safeEncode, safeParse } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import type { Schema } from "./event.ts";
import { describe, show, summarize } from "./explanation.ts";
import { validate } from "./validation.ts";
import { inspectWire } from "./wire-schema.ts";

/** Turns decoded data into JSON for the log and the wire; throws a ContractError `invalid-data`. */
export type Encoder = (data: unknown) => string;

/**
 * Decides once how a schema's data becomes JSON: by `encode` where a codec is inside, else by `parse`, which is
 * cheaper.
 *
 * @param label names the schema in errors, e.g. `room.message`
 * @throws ContractError `bad-contract` for a schema whose data would not survive JSON
 */
export function createEncoder(schema: Schema, label: string): Encoder {
  const { hasCodec } = inspectWire(schema, label);
  // Both take and return what the types say only when told the schema's type; here it is any schema.
  const run = hasCodec ? (safeEncode as typeof safeParse) : safeParse;
  return (data) => {
    const result = validate(run, schema, data, label);
    if (result.success) return toJson(result.data, label);
    // Once more for the messages: an error map makes zod copy its context, which multiplies the cost of every good event.
    const { error = result.error } = run(schema, data, { error: describe });
    throw new ContractError("invalid-data", `${label}: ${summarize(error.issues)}.`, { cause: error });
  };
}

function toJson(value: unknown, label: string): string {
  // Reached with such a value only through z.any, z.unknown and z.custom.
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new ContractError("invalid-data", `${label}: expected data that JSON can hold: ${String(cause)}.`, { cause });
  }
  if (json === undefined) {
    throw new ContractError("invalid-data", `${label}: expected data that JSON can hold, got ${show(value)}.`);
  }
  return json;
}
