import type { $ZodTypes } from "zod/v4/core";
import { ContractError } from "./contract-error.ts";
import { step } from "./data-path.ts";
import { isSchema, type Schema } from "./event.ts";

/** What JSON has no place for, and what to use instead. */
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

/** Where a schema is given up that a function builds without end. */
const MAX_SCHEMAS = 10_000;
const MAX_DEPTH = 100;

/** Where in the data the walk is. */
interface Place {
  readonly path: string;
  /** False on the decoded side of a codec, where JSON sets no limits. */
  readonly wire: boolean;
  /** Whether `undefined` may stand here: JSON drops the key, and zod reads a dropped key as `undefined`. */
  readonly absent: boolean;
}

/**
 * Whether a codec is inside. Refuses what would be published but could not be read again: one-way transforms anywhere,
 * and on the wire side types that JSON does not have.
 *
 * @throws ContractError `bad-contract`
 */
export function inspectWire(schema: Schema, label: string): { hasCodec: boolean } {
  const seen = new Map<string, WeakMap<Schema, boolean>>();
  let count = 0;
  let depth = 0;

  /** Whether a codec is below; the branch of a recursion that is being walked counts as none. */
  const walk = (node: Schema, place: Place): boolean => {
    const key = `${place.wire} ${place.absent}`;
    let answers = seen.get(key);
    if (answers === undefined) seen.set(key, (answers = new WeakMap()));
    const known = answers.get(node);
    if (known !== undefined) return known;
    if (++count > MAX_SCHEMAS || ++depth > MAX_DEPTH) {
      fail(
        { ...place, path: "" },
        `is deeper than ${MAX_DEPTH} levels or has more than ${MAX_SCHEMAS} parts; let a recursive schema refer to itself`,
      );
    }
    answers.set(node, false);
    const answer = visit(node, place);
    answers.set(node, answer);
    depth--;
    return answer;
  };

  const fail = ({ path }: Place, reason: string): never => {
    throw new ContractError("bad-contract", `${label}: ${path === "" ? "the schema" : `"${path}"`} ${reason}.`);
  };

  const refuse = (place: Place, what: string, use: string): never =>
    fail(place, `is ${what}, which JSON cannot carry; use ${use}`);

  const walkAll = (nodes: readonly [Schema, Place][]): boolean =>
    // Not `some`, which would stop at the first codec and miss faults behind it.
    nodes.map(([node, place]) => walk(node, place)).includes(true);

  const visit = (node: Schema, place: Place): boolean => {
    // Every schema with one of these types is of the class that this union has for it.
    const { def } = (node as $ZodTypes)._zod;
    const { path, wire } = place;
    const full: Place = { ...place, absent: false };
    if (wire) {
      const use = ALTERNATIVES[def.type];
      if (use !== undefined && !(def.type === "undefined" && place.absent)) refuse(place, `z.${def.type}()`, use);
    }
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other types have nothing below them
    switch (def.type) {
      case "transform":
      case "success":
        return fail(
          place,
          "is a one-way transform (.transform, z.preprocess), so its data has no way back to JSON; use z.codec with decode and encode",
        );
      case "object":
        return walkAll([
          ...Object.entries(def.shape).map(([key, child]): [Schema, Place] => [
            child,
            { path: step(path, key), wire, absent: child._zod.optin !== undefined },
          ]),
          ...(def.catchall ? [[def.catchall, { path: `${path}[key]`, wire, absent: true }] as [Schema, Place]] : []),
        ]);
      case "array":
        return walk(def.element, { ...full, path: `${path}[]` });
      case "tuple":
        return walkAll([
          ...def.items.map((item, index): [Schema, Place] => [item, { ...full, path: step(path, index) }]),
          ...(def.rest ? [[def.rest, { ...full, path: `${path}[]` }] as [Schema, Place]] : []),
        ]);
      case "record":
      case "map":
        return walkAll([
          [def.keyType, full],
          [def.valueType, { path: `${path}[key]`, wire, absent: true }],
        ]);
      case "set":
        return walk(def.valueType, { ...full, path: `${path}[]` });
      case "union":
        return walkAll(def.options.map((option) => [option, place]));
      case "intersection":
        return walkAll([
          [def.left, place],
          [def.right, place],
        ]);
      case "optional":
        if (wire && !place.absent && !node._zod.traits.has("$ZodExactOptional")) {
          refuse(place, "possibly undefined", "z.nullable");
        }
        return walk(def.innerType, place);
      case "nonoptional":
        return walk(def.innerType, { ...place, absent: true });
      case "nullable":
      case "default":
      case "prefault":
      case "readonly":
      case "catch":
        return walk(def.innerType, place);
      case "lazy":
        return walk(def.getter(), place);
      case "pipe": {
        const below = walk(def.in, place);
        const isCodec = "reverseTransform" in def;
        // A plain pipe hands on the wire's value, unless a codec in it has decoded that.
        return walk(def.out, { ...place, wire: wire && !isCodec && !below }) || below || isCodec;
      }
      case "literal":
        for (const value of def.values) checkLiteral(value, place);
        return false;
      case "custom": {
        const { Class } = node._zod.bag;
        if (wire && typeof Class === "function") refuse(place, `an instance of ${Class.name}`, "a z.codec");
        return false;
      }
      default:
        return false;
    }
  };

  const checkLiteral = (value: unknown, place: Place): void => {
    if (!place.wire) return;
    if (typeof value === "bigint") refuse(place, `${value}n`, "the bigint codec, or the literal as a string");
    if (value === undefined && !place.absent) refuse(place, "possibly undefined", "z.null()");
  };

  return { hasCodec: isSchema(schema) && walk(schema, { path: "", wire: true, absent: false }) };
}
