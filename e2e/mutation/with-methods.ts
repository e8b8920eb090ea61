/**
 * The same object with some of its methods replaced. The other members stay its own.
 *
 * @example
 * withMethods(log, { head: async () => ({ ...(await log.head()), seq: 0 }) });
 */
export function withMethods<Part extends object>(part: Part, methods: NoInfer<Partial<Part>>): Part {
  return new Proxy(part, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name) as unknown;
      const member: unknown = Reflect.get(target, name);
      // Bound, since a proxy has no access to the private fields of its target.
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
