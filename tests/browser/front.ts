// Something in front of a server that a test can change: another version of the page's service worker.
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export class Front {
  /** Put behind the script of the service worker: any other text makes it a new version. */
  version = '';
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly target: URL) {
    this.http = createServer((req, res) => {
      const { hostname, port } = this.target;
      const headers: OutgoingHttpHeaders = { ...req.headers, 'accept-encoding': 'identity' };
      if (req.url === '/sw.js') delete headers['if-none-match'];
      const on = request({ hostname, port, method: req.method, path: req.url, headers }, (answer) => {
        const changed = req.url === '/sw.js' && this.version !== '';
        const { 'content-length': _, etag: __, ...rest } = answer.headers;
        res.writeHead(answer.statusCode ?? 502, changed ? rest : answer.headers);
        answer.pipe(res, { end: !changed });
        if (changed) answer.on('end', () => res.end(`\n// ${this.version}\n`));
      });
      on.on('error', () => req.socket.destroy());
      req.pipe(on);
    });
    this.http.on('upgrade', (req, from: Socket) => this.upgrade(req, from));
  }

  static async start(target: string): Promise<Front> {
    const front = new Front(new URL(target));
    await new Promise<void>((go) => front.http.listen(0, '127.0.0.1', go));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  private upgrade(req: IncomingMessage, from: Socket): void {
    const to = connect(Number(this.target.port), this.target.hostname, () => {
      const lines = [`${req.method} ${req.url} HTTP/1.1`];
      for (let i = 0; i < req.rawHeaders.length; i += 2) {
        lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
      }
      to.write(`${lines.join('\r\n')}\r\n\r\n`);
      from.pipe(to).pipe(from);
    });
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      this.sockets.add(a);
      a.on('error', () => b.destroy());
      a.on('close', () => {
        this.sockets.delete(a);
        b.destroy();
      });
    }
  }

  close(): void {
    for (const s of this.sockets) s.destroy();
    this.http.close();
    this.http.closeAllConnections();
  }
}
