import { ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Sink, StreamControl } from "../wire/sink.ts";
import { destroyUnread } from "./destroy-unread.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** A sink over a response. */
interface StreamSink extends Sink {
  /** The stream has written its beginning. From now on it is told when there is room again. */
  begun(stream: Pick<StreamControl, "drained">): void;
}

/**
 * The sink of a stream whose head is set but not written. It writes to the socket directly, unless something is between
 * the two: HTTP/2, HTTP/1.0, which has no chunks, a middleware that has replaced a method of the response, or a
 * substitute for a socket, as in the tests of some frameworks.
 */
export function createStreamSink(request: NodeRequest, response: NodeResponse): StreamSink {
  if (!isUntouched(response) || request.httpVersion !== "1.1") return new ResponseSink(response);
  const { socket } = response;
  if (!(socket instanceof Socket)) return new ResponseSink(response);
  // The head and the first chunk go together.
  socket.cork();
  response.flushHeaders();
  // A middleware may have set a header that makes Node send the body in another way.
  if (response.chunkedEncoding) return new SocketSink(response, socket);
  socket.uncork();
  return new ResponseSink(response);
}

function isUntouched(response: NodeResponse): response is ServerResponse {
  return (
    response instanceof ServerResponse &&
    response.write === ServerResponse.prototype.write &&
    response.end === ServerResponse.prototype.end &&
    response.flushHeaders === ServerResponse.prototype.flushHeaders
  );
}

/** Writes through the response, so that a middleware that compresses or counts sees all bytes. */
class ResponseSink implements StreamSink {
  readonly #response: NodeResponse;

  constructor(response: NodeResponse) {
    this.#response = response;
  }

  write(bytes: Uint8Array): boolean {
    try {
      const accepts = write(this.#response, bytes);
      this.#response.flush?.();
      return accepts;
    } catch (error) {
      throw this.#breakOff(error);
    }
  }

  begun(stream: Pick<StreamControl, "drained">): void {
    this.#response.on("drain", () => stream.drained());
  }

  end(): void {
    try {
      end(this.#response);
    } catch (error) {
      throw this.#breakOff(error);
    }
  }

  /** When the middleware throws, the stream is over for the hub. Its reader must not wait for more. */
  #breakOff(error: unknown): unknown {
    this.#response.destroy();
    return error;
  }
}

/**
 * Writes the body of a response to the socket under it. The chunks have their framing already, and thousands of sockets
 * write the same bytes: that halves what `response.write` costs. Node writes the head before the first chunk, and the
 * end of the body.
 */
class SocketSink implements StreamSink {
  readonly #response: ServerResponse;
  readonly #socket: Socket;

  constructor(response: ServerResponse, socket: Socket) {
    this.#response = response;
    this.#socket = socket;
  }

  write(_bytes: Uint8Array, framed: Uint8Array): boolean {
    // A middleware may end the response, for example after a timeout. Its body is then over, and "close" follows.
    return !this.#response.writableEnded && this.#socket.write(framed);
  }

  begun(stream: Pick<StreamControl, "drained">): void {
    this.#socket.uncork();
    this.#socket.on("drain", () => stream.drained());
  }

  end(): void {
    end(this.#response);
  }
}

function end(response: NodeResponse): void {
  response.end();
  destroyUnread(response);
}

/** Whether the response takes more. A wrapper that returns undefined emits no "drain" either, so only false says no. */
export function write(response: NodeResponse, bytes: Uint8Array): boolean {
  // Safe: both kinds of response take bytes, each with overloads of its own.
  const accepts: unknown = (response as { write(bytes: Uint8Array): unknown }).write(bytes);
  return accepts !== false;
}
