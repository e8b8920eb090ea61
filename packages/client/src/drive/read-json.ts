/**
 * The members of a JSON answer. All are optional, since the server may omit them. An answer that is not JSON has none.
 * @throws the error of a body that breaks while it is read
 */
export async function readJson<Value>(response: Response): Promise<Partial<Value>> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  });
  return Object(value) as Partial<Value>;
}
