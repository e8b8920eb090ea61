import type { $ZodTypes } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import { step } from "./data-path.ts";
import { refusePromises, isAsynchronous, schemasOfChecks } from "./promises.ts";
import { isSchema, type Schema } from "./event.ts";

/** The types that JSON cannot carry, and what to use instead. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  date: "isoDate",
  bigint: "the bigint codec",
  map: "mapOf(key, value) or z.record",
  set: "setOf(value)",
  undefined: "z.null(), or z.optional for a key of an object",
  void: "z.null()",
  nan: "z.null()",
  symbol: "z.literal or z.enum",
  file: "the file's URL",
  function: "data instead",
  promise: "its awaited value",
};

const ASYNCHRONOUS =
  "has an asynchronous check or codec, but data is checked synchronously; ask others before you publish";

/** Limits for a schema that a function builds without end. */
const MAX_SCHEMAS = 10_000;
const MAX_DEPTH = 100;

/** A location in the data that a schema describes. */
interface DataLocation {
  readonly path: string;
  /** False on the decoded side of a codec, which never becomes JSON. */
  readonly isWire: boolean;
  /** Whether `undefined` is allowed here: JSON drops the key, and zod reads a dropped key as `undefined`. */
  readonly mayBeAbsent: boolean;
}

/**
 * Finds out whether a schema has a codec inside. Refuses schemas whose data could be published but not read again:
 * one-way transforms anywhere, and on the wire side types that JSON does not have. Refuses asynchronous functions, too.
 * Functions that return a promise all the same throw from then on.
 *
 * @throws ContractError `bad-contract`
 */
export function inspectWire(schema: Schema, label: string): { hasCodec: boolean } {
  /** Whether a codec is inside, by kind of location and schema. */
  const visited = new Map<string, WeakMap<Schema, boolean>>();
  let count = 0;
  let depth = 0;

  /** Whether a codec is inside. A schema that contains itself counts as having none while it is being walked. */
  const walk = (node: Schema, location: DataLocation): boolean => {
    const results = resultsFor(location);
    const result = results.get(node);
    if (result !== undefined) return result;
    count++;
    depth++;
    if (count > MAX_SCHEMAS || depth > MAX_DEPTH) {
      fail(
        { ...location, path: "" },
        `is deeper than ${MAX_DEPTH} levels or has more than ${MAX_SCHEMAS} parts; ` +
          "let a recursive schema refer to itself",
      );
    }
    results.set(node, false);
    checkPromises(node, location);
    const hasCodec = visit(node, location);
    results.set(node, hasCodec);
    depth--;
    return hasCodec;
  };

  const checkPromises = (node: Schema, location: DataLocation): void => {
    if (isAsynchronous(node)) fail(location, ASYNCHRONOUS);
    refusePromises(node);
    for (const part of schemasOfChecks(node)) walk(part, { ...location, isWire: false });
  };

  const resultsFor = ({ isWire, mayBeAbsent }: DataLocation): WeakMap<Schema, boolean> => {
    const kind = `${isWire} ${mayBeAbsent}`;
    const results = visited.get(kind) ?? new WeakMap<Schema, boolean>();
    visited.set(kind, results);
    return results;
  };

  const fail = ({ path }: DataLocation, reason: string): never => {
    throw new ContractError("bad-contract", `${label}: ${path === "" ? "the schema" : `"${path}"`} ${reason}.`);
  };

  const refuse = (location: DataLocation, what: string, alternative: string): never =>
    fail(location, `is ${what}, which JSON cannot carry; use ${alternative}`);

  const walkAll = (nodes: readonly [Schema, DataLocation][]): boolean =>
    // Not `some`, which stops at the first codec and misses faults behind it.
    nodes.map(([node, location]) => walk(node, location)).includes(true);

  const visit = (node: Schema, location: DataLocation): boolean => {
    // zod's union maps each `def.type` to the class of its schemas.
    const { def } = (node as $ZodTypes)._zod;
    const { path, isWire, mayBeAbsent } = location;
    /** Where a value has to be present. */
    const present: DataLocation = { ...location, mayBeAbsent: false };
    const alternative = isWire ? ALTERNATIVES[def.type] : undefined;
    const isDroppedKey = def.type === "undefined" && mayBeAbsent;
    if (alternative !== undefined && !isDroppedKey) refuse(location, `z.${def.type}()`, alternative);
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other types contain no schemas
    switch (def.type) {
      case "transform":
      case "success":
        return fail(
          location,
          "is a one-way transform (.transform, z.preprocess), so its data has no way back to JSON; " +
            "use z.codec with decode and encode",
        );
      // On the wire side it is refused above.
      case "promise":
        return fail(location, ASYNCHRONOUS);
      case "object":
        return walkAll([
          ...Object.entries(def.shape).map(([key, child]): [Schema, DataLocation] => [
            child,
            { path: step(path, key), isWire, mayBeAbsent: child._zod.optin !== undefined },
          ]),
          ...(def.catchall
            ? [[def.catchall, { path: `${path}[key]`, isWire, mayBeAbsent: true }] as [Schema, DataLocation]]
            : []),
        ]);
      case "array":
        return walk(def.element, { ...present, path: `${path}[]` });
      case "tuple":
        return walkAll([
          ...def.items.map((item, index): [Schema, DataLocation] => [item, { ...present, path: step(path, index) }]),
          ...(def.rest ? [[def.rest, { ...present, path: `${path}[]` }] as [Schema, DataLocation]] : []),
        ]);
      case "record":
      case "map":
        return walkAll([
          [def.keyType, present],
          [def.valueType, { path: `${path}[key]`, isWire, mayBeAbsent: true }],
        ]);
      case "set":
        return walk(def.valueType, { ...present, path: `${path}[]` });
      case "union":
        return walkAll(def.options.map((option) => [option, location]));
      case "intersection":
        return walkAll([
          [def.left, location],
          [def.right, location],
        ]);
      case "optional":
        if (isWire && !mayBeAbsent && !node._zod.traits.has("$ZodExactOptional")) {
          refuse(location, "possibly undefined", "z.nullable");
        }
        return walk(def.innerType, location);
      case "nonoptional":
        return walk(def.innerType, { ...location, mayBeAbsent: true });
      case "nullable":
      case "default":
      case "prefault":
      case "readonly":
      case "catch":
        return walk(def.innerType, location);
      case "lazy":
        return walk(def.getter(), location);
      case "pipe": {
        const hasCodecIn = walk(def.in, location);
        const isCodec = "reverseTransform" in def;
        // A plain pipe passes the wire's value to `out`, unless a codec in `in` has decoded it.
        const hasCodecOut = walk(def.out, { ...location, isWire: isWire && !isCodec && !hasCodecIn });
        return isCodec || hasCodecIn || hasCodecOut;
      }
      case "literal":
        for (const value of def.values) checkLiteral(value, location);
        return false;
      case "custom": {
        const { Class } = node._zod.bag;
        if (isWire && typeof Class === "function") refuse(location, `an instance of ${Class.name}`, "a z.codec");
        return false;
      }
      default:
        return false;
    }
  };

  const checkLiteral = (value: unknown, location: DataLocation): void => {
    if (!location.isWire) return;
    if (typeof value === "bigint") refuse(location, `${value}n`, "the bigint codec, or the literal as a string");
    if (value === undefined && !location.mayBeAbsent) refuse(location, "possibly undefined", "z.null()");
  };

  return { hasCodec: isSchema(schema) && walk(schema, { path: "", isWire: true, mayBeAbsent: false }) };
}
