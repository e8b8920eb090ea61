import { request } from "node:http";
import { json } from "node:stream/consumers";

/** Posts over a connection of its own. @throws Error when it breaks, or when the status is not 2xx */
export function postJson(
  port: number,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const posting = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: "POST",
        agent: false,
        headers: { "content-type": "application/json", ...headers },
      },
      (response) => {
        json(response).then((answer) => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(answer);
          else reject(new Error(`Expected 2xx, got ${statusCode}: ${JSON.stringify(answer)}`));
        }, reject);
      },
    );
    posting.on("error", reject).end(JSON.stringify(body));
  });
}
