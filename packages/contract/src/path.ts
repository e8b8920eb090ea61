import { refuse } from "./contract-error.ts";

/** The longest path, in bytes. A path is ASCII. */
export const MAX_PATH = 256;
/** The most characters of a refused param that an error quotes. */
const MAX_QUOTED = 40;

/** Of any pattern: any name. */
type ParamNames<Pattern extends string> = string extends Pattern
  ? string
  : Pattern extends `${infer Head}/${infer Tail}`
    ? ParamNames<Head> | ParamNames<Tail>
    : Pattern extends `:${infer Name}`
      ? Name
      : never;

/** The params of a pattern: `Params<"rooms/:roomId">` is `{ readonly roomId: string }`. */
export type Params<Pattern extends string> = { readonly [Name in ParamNames<Pattern>]: string };

/** The paths of a pattern: `PathOf<"rooms/:roomId">` is `rooms/${string}`. */
export type PathOf<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? `${PathOf<Head>}/${PathOf<Tail>}`
  : Pattern extends `:${string}`
    ? string
    : Pattern;

/** The pattern without slashes at its ends: the compiler's message about another one shows this. */
export type WithoutOuterSlashes<Pattern extends string> = Pattern extends `/${infer Rest}` | `${infer Rest}/`
  ? WithoutOuterSlashes<Rest>
  : Pattern;

/** A path pattern, as text and as segments such as `rooms` and `:roomId`. */
export interface PathPattern<Text extends string = string> {
  readonly text: Text;
  readonly segments: readonly string[];
}

/**
 * Builds a path, and a record of exactly the params in it. It is injective: two different records of params never give
 * the same path.
 *
 * @throws ContractError `bad-params`
 */
export function buildPath(
  { text, segments }: PathPattern,
  given: Readonly<Record<string, string>>,
): { params: Record<string, string>; path: string } {
  const fail = (expected: string, got: unknown): never => refuse(`Channel "${text}"`, expected, got, "bad-params");
  const params: Record<string, string> = {};
  const parts = segments.map((segment) => {
    if (!isParam(segment)) return segment;
    const name = segment.slice(1);
    const value: unknown = Object.hasOwn(Object(given) as object, name) ? given[name] : undefined;
    const got = typeof value === "string" ? JSON.stringify(value.slice(0, MAX_QUOTED)) : typeof value;
    // `encodeSegment` returns null for everything but strings, and then `fail` throws.
    params[name] = value as string;
    return (
      encodeSegment(value) ??
      fail(`param "${name}" to be a string of 1 to ${MAX_PATH} bytes without lone surrogates`, got)
    );
  });
  const path = parts.join("/");
  if (path.length > MAX_PATH) fail(`params for a path of at most ${MAX_PATH} bytes`, path.length);
  return { params, path };
}

/** The params of a path; null if the path is not canonical or does not belong to the pattern. */
export function parsePath({ segments }: PathPattern, path: string): Record<string, string> | null {
  if (path.length > MAX_PATH) return null;
  const parts = path.split("/");
  if (parts.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = decodeSegment(parts[index] ?? "");
    if (value === null || (!isParam(segment) && value !== segment)) return null;
    if (isParam(segment)) params[segment.slice(1)] = value;
  }
  return params;
}

/** Whether every segment is one that {@link buildPath} could have written. */
export function isCanonicalPath(path: string): boolean {
  return path.length <= MAX_PATH && path.split("/").every((part) => decodeSegment(part) !== null);
}

/** Whether a segment of a pattern stands for a param. */
export function isParam(segment: string): boolean {
  return segment.startsWith(":");
}

/**
 * Percent-encodes a value. Null for a value that no path can hold: not a string, an empty string, a lone surrogate
 * (it has no UTF-8), or more than {@link MAX_PATH} characters.
 */
function encodeSegment(value: unknown): string | null {
  // Check the length before encoding, so that refusing ten megabytes is cheap.
  if (typeof value !== "string" || value === "" || value.length > MAX_PATH) return null;
  // URLs and file systems read "." as "here" and ".." as "up".
  if (value === "." || value === "..") return value.replaceAll(".", "%2E");
  try {
    return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return null;
  }
}

/** A segment that encodes to itself, as almost every segment does. */
const PLAIN = /^[\w~-]+$/;

/** Decodes a segment; null unless the text is exactly what {@link encodeSegment} writes for some value. */
function decodeSegment(text: string): string | null {
  if (PLAIN.test(text)) return text;
  try {
    const value = decodeURIComponent(text);
    return encodeSegment(value) === text ? value : null;
  } catch {
    return null;
  }
}
