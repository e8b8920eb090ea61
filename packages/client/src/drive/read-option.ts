import { textOf } from "@tidings/protocol/call-safely";
import { unexpected } from "../stream-error.ts";
import type { Failure } from "../state/ending.ts";

/** A fragment (`#…`) is left out. */
type Url = string | URL;

/** Where the hub is. */
export type UrlOption = Url | (() => Url | Promise<Url>);

/** An option that may be a function. None of the values is itself a function. */
type Option<Value, Context> = Value | ((context: Context) => Value | Promise<Value>);

/** The value of an option, for one attempt. @throws Failure `option-failed`, which may heal */
export async function readOption<Value extends object | string, Context>(
  name: string,
  option: Option<Value, Context>,
  context: Context,
): Promise<Value> {
  try {
    return typeof option === "function" ? await (option as (context: Context) => Promise<Value>)(context) : option;
  } catch (cause) {
    const error = unexpected("option-failed", `"${name}" to return`, textOf(cause), { cause });
    throw { reason: "bad-response", error } satisfies Failure;
  }
}
