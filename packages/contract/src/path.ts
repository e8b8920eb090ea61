import { ContractError } from "./contract-error.ts";
import { show } from "./validation.ts";

/** The longest path, in bytes (a path is ASCII). */
export const MAX_PATH = 256;

type ParamNames<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

/** The params of a pattern: `Params<"rooms/:roomId">` is `{ readonly roomId: string }`. */
export type Params<Pattern extends string> = { readonly [Name in ParamNames<Pattern>]: string };

interface Segment {
  readonly literal: string;
  /** The param's name, or null for a literal. */
  readonly param: string | null;
}

const LITERAL = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;
// `__proto__` is no param: in an object literal it sets the prototype instead of a property.
const PARAM = /^:(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;

/** A compiled path pattern. Building is injective: two different records of params never give one path. */
export class PathPattern<Text extends string = string> {
  readonly text: Text;
  readonly #segments: readonly Segment[];
  /** The literal text that every path starts with; most paths of other patterns fail here, without a split. */
  readonly #prefix: string;

  constructor(text: Text) {
    this.text = text;
    this.#segments = text.split("/").map((part) => {
      if (PARAM.test(part)) return { literal: "", param: part.slice(1) };
      if (LITERAL.test(part)) return { literal: part, param: null };
      throw new ContractError(
        "bad-contract",
        `Pattern "${text}": expected segments like "rooms" or ":roomId", separated by "/", got "${part}".`,
      );
    });
    this.#prefix = text.split(":", 1)[0] ?? "";
    const names = this.#segments.flatMap(({ param }) => param ?? []);
    if (new Set(names).size !== names.length) {
      throw new ContractError("bad-contract", `Pattern "${text}": a param occurs twice; give each its own name.`);
    }
    // A param has one byte at least.
    const shortest = this.#segments.reduce((bytes, { literal }) => bytes + (literal.length || 1) + 1, -1);
    if (shortest > MAX_PATH) {
      throw new ContractError(
        "bad-contract",
        `Pattern "${text}": a path may have ${MAX_PATH} bytes at most, got ${shortest} or more; use fewer or shorter segments.`,
      );
    }
  }

  /**
   * The path and exactly the params that are in it.
   * @throws ContractError `bad-params`
   */
  build(given: Readonly<Record<string, string>>): { params: Record<string, string>; path: string } {
    const params: Record<string, string> = {};
    const parts = this.#segments.map(({ literal, param }) => {
      if (param === null) return literal;
      const value: unknown = Object.hasOwn(given, param) ? given[param] : undefined;
      const part = typeof value === "string" ? encodeSegment(value) : null;
      if (part === null) {
        throw new ContractError(
          "bad-params",
          `Channel "${this.text}": expected param "${param}" to be a non-empty string without lone surrogates, ${MAX_PATH} bytes at most, got ${show(value)}.`,
        );
      }
      // Only strings are encoded.
      params[param] = value as string;
      return part;
    });
    const path = parts.join("/");
    if (path.length > MAX_PATH) {
      throw new ContractError(
        "bad-params",
        `Channel "${this.text}": a path may have ${MAX_PATH} bytes at most, got ${path.length}; use shorter params.`,
      );
    }
    return { params, path };
  }

  /** The params of a canonical path of this pattern, else null. */
  parse(path: string): Record<string, string> | null {
    if (path.length > MAX_PATH || !path.startsWith(this.#prefix)) return null;
    const parts = path.split("/");
    if (parts.length !== this.#segments.length) return null;
    const params: Record<string, string> = {};
    for (const [index, { literal, param }] of this.#segments.entries()) {
      const part = parts[index] ?? "";
      if (param === null) {
        if (part !== literal) return null;
      } else {
        const value = decodeSegment(part);
        if (value === null) return null;
        params[param] = value;
      }
    }
    return params;
  }

  /** Whether some path belongs to both patterns. */
  overlaps(other: PathPattern): boolean {
    return (
      this.#segments.length === other.#segments.length &&
      this.#segments.every(({ literal, param }, index) => {
        const their = other.#segments[index];
        return param !== null || their?.param !== null || literal === their.literal;
      })
    );
  }
}

/** Whether every segment is one that {@link PathPattern.build} could have written. */
export function isCanonicalPath(path: string): boolean {
  return path.length <= MAX_PATH && path.split("/").every((part) => decodeSegment(part) !== null);
}

/** Null for what no path can hold: the empty string, lone surrogates (they have no UTF-8), more than {@link MAX_PATH}. */
function encodeSegment(value: string): string | null {
  // The length first: nobody's ten megabytes are encoded only to be refused.
  if (value === "" || value.length > MAX_PATH) return null;
  // Dots alone would be read as "here" and "up" wherever a path meets a URL or a file system.
  if (value === "." || value === "..") return value.replaceAll(".", "%2E");
  try {
    return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return null;
  }
}

/** Null unless the text is exactly what {@link encodeSegment} writes for some value. */
function decodeSegment(text: string): string | null {
  try {
    const value = decodeURIComponent(text);
    return encodeSegment(value) === text ? value : null;
  } catch {
    return null;
  }
}
