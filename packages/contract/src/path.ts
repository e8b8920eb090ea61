import { refuse } from "./contract-error.ts";

/** The longest path, in bytes (a path is ASCII). */
export const MAX_PATH = 256;
/** As much of a refused param as is said back. */
const SHOWN = 40;

type ParamNames<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

/** The params of a pattern: `Params<"rooms/:roomId">` is `{ readonly roomId: string }`. */
export type Params<Pattern extends string> = { readonly [Name in ParamNames<Pattern>]: string };

/** A path pattern, in segments such as `rooms` and `:roomId`. */
export interface PathPattern<Text extends string = string> {
  readonly text: Text;
  readonly segments: readonly string[];
}

/**
 * The path and exactly the params that are in it. It is injective: two different records of params never give one path.
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
    const value: unknown = Object.hasOwn(given, name) ? given[name] : undefined;
    const got = typeof value === "string" ? JSON.stringify(value.slice(0, SHOWN)) : typeof value;
    // Only strings are encoded.
    params[name] = value as string;
    return (
      encodeSegment(value) ??
      fail(`param "${name}" to be a string of 1 to ${MAX_PATH} bytes without lone surrogates`, got)
    );
  });
  const path = parts.join("/");
  if (path.length > MAX_PATH) fail(`params for a path of ${MAX_PATH} bytes at most`, path.length);
  return { params, path };
}

/** The params of a canonical path of a pattern, else null. */
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

/** Null for what no path can hold: what is no text, the empty string, lone surrogates (they have no UTF-8), more than {@link MAX_PATH}. */
function encodeSegment(value: unknown): string | null {
  // The length first: nobody's ten megabytes are encoded only to be refused.
  if (typeof value !== "string" || value === "" || value.length > MAX_PATH) return null;
  // Dots alone would be read as "here" and "up" wherever a path meets a URL or a file system.
  if (value === "." || value === "..") return value.replaceAll(".", "%2E");
  try {
    return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return null;
  }
}

/** What stands for itself, as almost every segment does. */
const PLAIN = /^[\w~-]+$/;

/** Null unless the text is exactly what {@link encodeSegment} writes for some value. */
function decodeSegment(text: string): string | null {
  if (PLAIN.test(text)) return text;
  try {
    const value = decodeURIComponent(text);
    return encodeSegment(value) === text ? value : null;
  } catch {
    return null;
  }
}
