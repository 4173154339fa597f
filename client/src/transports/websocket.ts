import type { SocketLike } from "../environment.js";
import type { ClientFrame } from "../wire.js";
import { asFrame, parseJSON } from "../wire.js";
import type { Target, Transport, TransportHandlers } from "./transport.js";

const OPEN = 1; // WebSocket.OPEN

/** `/ws`: one socket for all channels. The token goes in the first frame, never into the address. */
export function openWebSocket(target: Target, handlers: TransportHandlers): Transport {
  return new WebSocketTransport(target, handlers);
}

class WebSocketTransport implements Transport {
  readonly name = "websocket";
  readonly pings = true;
  private socket: SocketLike | undefined;

  constructor(target: Target, handlers: TransportHandlers) {
    const { WebSocket } = target.environment;
    try {
      if (WebSocket !== undefined) this.socket = new WebSocket(target.endpoint.socket);
    } catch {
      // A policy of the page forbids the address: as good as a socket that does not open.
    }
    const { socket } = this;
    if (socket === undefined) {
      queueMicrotask(() => handlers.closed(1006));
      return;
    }
    socket.onopen = () => handlers.opened();
    socket.onmessage = ({ data }) => {
      const frame = asFrame(parseJSON(data));
      if (frame !== null) handlers.frame(frame);
    };
    socket.onclose = ({ code }) => {
      this.release();
      handlers.closed(code);
    };
  }

  send(frame: ClientFrame): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    const { socket } = this;
    this.release();
    socket?.close(1000);
  }

  private release(): void {
    if (this.socket === undefined) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket = undefined;
  }
}
