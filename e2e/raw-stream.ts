import { connect, type Socket } from "node:net";

/** Asks for a stream over a bare socket. With HTTP/1.0 there are no chunks: the body is the stream, byte by byte. */
export function openRawStream(port: number, path: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  return socket;
}
