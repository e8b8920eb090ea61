import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";

/**
 * Posts JSON over a connection of its own. Returns the answer.
 * @throws Error when the connection breaks, or the status is not 2xx
 */
export async function postJson(
  port: number,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const posting = request({
    host: "127.0.0.1",
    port,
    path,
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", ...headers },
  });
  posting.end(JSON.stringify(body));
  // The one argument of "response".
  const [response] = (await once(posting, "response")) as [IncomingMessage];
  const { statusCode = 0 } = response;
  const answer = await json(response);
  if (statusCode < 200 || statusCode > 299) {
    throw new Error(`Expected 2xx, got ${statusCode}: ${JSON.stringify(answer)}`);
  }
  return answer;
}
