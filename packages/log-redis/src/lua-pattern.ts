/** The form of path of a pattern, as a pattern of Lua. */
export function luaPattern(pattern: string): string {
  const segments = pattern.split("/").map((segment) => (segment === "*" ? "[^/]+" : segment.replace(/\W/g, "%$&")));
  return `^${segments.join("/")}$`;
}
