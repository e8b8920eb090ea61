import { textOf } from "@tidings/protocol/call-safely";
import { $ZodAsyncError, type safeParse } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import type { Schema } from "./event.ts";

/**
 * Runs a schema in one direction, synchronously.
 *
 * @throws ContractError `bad-contract` for an asynchronous schema, `invalid-data` if a check or codec of it throws
 */
export function validate(
  run: typeof safeParse,
  schema: Schema,
  data: unknown,
  label: string,
): ReturnType<typeof safeParse> {
  try {
    return run(schema, data);
  } catch (cause) {
    if (cause instanceof $ZodAsyncError) {
      const message = `${label}: expected a synchronous schema, got a promise; use checks and codecs without promises.`;
      throw new ContractError("bad-contract", message, { cause });
    }
    const message = `${label}: a check or codec of the schema threw: ${textOf(cause)}.`;
    throw new ContractError("invalid-data", message, { cause });
  }
}
