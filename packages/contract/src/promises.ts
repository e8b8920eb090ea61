import { $ZodAsyncError, type $ZodCheck, type $ZodType } from "zod/v4/core";
import type { Schema } from "./event.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Functions = Readonly<Record<string, unknown>>;

/** Where zod's definition of a schema or of a check has the application's functions. */
const NAMES = ["fn", "tx", "transform", "reverseTransform"];

/** Functions that {@link refusePromises} has made. */
const refusing = new WeakSet<AnyFunction>();

/** Whether a function of a schema itself, or of a check of it, is declared as asynchronous. */
export function isAsynchronous(schema: Schema): boolean {
  const checks = checksOf(schema).map(({ _zod }) => _zod);
  const definitions = [schema._zod, ...checks].map(({ def }) => def as object as Functions);
  const functions = definitions.flatMap((definition) => NAMES.map((name) => definition[name]));
  return [...functions, ...checks.map((each) => (each as object as Functions)["check"])].some(isAsyncFunction);
}

/**
 * Schemas are run synchronously. When a function of one returns a promise all the same, zod throws and drops that
 * promise, and others that depend on it. If it rejects later, nobody handles that, and Node ends the process. Nothing
 * shows before the call that a function returns promises. So from now on, each promise of this schema and its checks is
 * handled where it comes from, and zod's error is thrown there.
 */
export function refusePromises(schema: Schema): void {
  // Safe: only members are replaced that are functions, by functions that do the same.
  const definition = schema._zod.def as object as Record<string, unknown>;
  for (const name of ["transform", "reverseTransform"]) replace(definition, name);
  for (const { _zod } of checksOf(schema)) {
    // Checks of zod itself, as `min`, return no promise.
    if (_zod.def.check === "custom") replace(_zod as object as Record<string, unknown>, "check");
  }
}

/** The schemas that the checks of a schema run on parts of its value. */
export function schemasOfChecks(schema: Schema): Schema[] {
  return checksOf(schema).flatMap(({ _zod }) => {
    // `z.property` and `z.properties`
    const { schema: one, shape = {} } = _zod.def as {
      readonly schema?: $ZodType;
      readonly shape?: Record<string, $ZodType>;
    };
    return [...(one === undefined ? [] : [one]), ...(_zod.def.check === "properties" ? Object.values(shape) : [])];
  });
}

/** A custom schema is a check of its own. */
function checksOf(schema: Schema): readonly $ZodCheck[] {
  const own = schema._zod.traits.has("$ZodCheck") ? [schema as object as $ZodCheck] : [];
  return [...own, ...((schema._zod.def.checks ?? []) as readonly $ZodCheck[])];
}

function isAsyncFunction(value: unknown): boolean {
  return typeof value === "function" && Object.prototype.toString.call(value) === "[object AsyncFunction]";
}

function replace(functions: Record<string, unknown>, name: string): void {
  const given = functions[name];
  if (typeof given !== "function" || refusing.has(given as AnyFunction)) return;
  const made: AnyFunction = (...args) => {
    const result: unknown = (given as AnyFunction)(...args);
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new $ZodAsyncError();
  };
  refusing.add(made);
  functions[name] = made;
}
