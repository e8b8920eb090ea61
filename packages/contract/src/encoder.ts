import { textOf } from "@tidings/protocol/call-safely";
import { safeEncode, safeParse } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import type { Schema } from "./event.ts";
import { describe, show, summarize } from "./explanation.ts";
import { validate } from "./validation.ts";
import { inspectWire } from "./wire-schema.ts";

/** Turns decoded data into JSON for the log and the wire. Throws a ContractError `invalid-data`. */
export type Encoder = (data: unknown) => string;

/**
 * Makes the encoder of a schema. A schema with a codec inside needs zod's `encode`; every other schema runs `parse`,
 * which is cheaper. The choice is made once, here.
 *
 * @param label names the schema in errors, e.g. `room.message`
 * @throws ContractError `bad-contract` for a schema whose data does not survive JSON
 */
export function createEncoder(schema: Schema, label: string): Encoder {
  const { hasCodec } = inspectWire(schema, label);
  // The two functions differ only in types that depend on the schema's type, and here the schema is any schema.
  const run = hasCodec ? (safeEncode as typeof safeParse) : safeParse;
  return (data) => {
    const result = validate(run, schema, data, label);
    if (result.success) return toJson(result.data, label);
    // Run again to get our messages. An error map makes zod copy its context; passing it on every run would multiply
    // the cost of every valid event.
    const { error = result.error } = run(schema, data, { error: describe });
    throw new ContractError("invalid-data", `${label}: ${summarize(error.issues)}.`, { cause: error });
  };
}

function toJson(value: unknown, label: string): string {
  // Only z.any, z.unknown and z.custom let values through that JSON cannot hold.
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new ContractError("invalid-data", `${label}: expected data that JSON can hold: ${textOf(cause)}.`, { cause });
  }
  if (json === undefined) {
    throw new ContractError("invalid-data", `${label}: expected data that JSON can hold, got ${show(value)}.`);
  }
  return json;
}
