// Something in front of a server that a test can change: another version of the page's service worker, a line that is
// cut, and frames that come late.
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export class Front {
  /** Put behind the script of the service worker: any other text makes it a new version. */
  version = '';
  /** How many of a hundred pieces of a stream wait for `lateMs`; what follows them waits behind them, as on a real line. */
  latePercent = 0;
  lateMs = 0;
  /** How many pieces waited. */
  late = 0;
  /** How many WebSocket connections were asked for. */
  upgrades = 0;
  private open = true;
  private pieces = 30;
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly target: URL) {
    this.http = createServer((req, res) => {
      if (!this.open) {
        req.socket.destroy();
        return;
      }
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
    this.http.on('upgrade', (req, from: Socket) => {
      this.upgrades++;
      if (this.open) this.upgrade(req, from);
      else from.destroy();
    });
  }

  static async start(target: string): Promise<Front> {
    const front = new Front(new URL(target));
    await new Promise<void>((go) => front.http.listen(0, '127.0.0.1', go));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Every connection ends, and no new one comes about. */
  cut(): void {
    this.open = false;
    for (const s of this.sockets) s.destroy();
    this.http.closeAllConnections();
  }

  mend(): void {
    this.open = true;
  }

  /** Spread evenly, so that a short run has its share too. */
  private isLate(): boolean {
    if (this.latePercent === 0) return false;
    const before = Math.floor((this.pieces * this.latePercent) / 100);
    this.pieces++;
    return Math.floor((this.pieces * this.latePercent) / 100) > before;
  }

  private slowly(): Transform {
    return new Transform({
      transform: (chunk, _encoding, done) => {
        if (!this.isLate()) done(null, chunk);
        else {
          this.late++;
          setTimeout(() => done(null, chunk), this.lateMs);
        }
      },
    });
  }

  private upgrade(req: IncomingMessage, from: Socket): void {
    const to = connect(Number(this.target.port), this.target.hostname, () => {
      const lines = [`${req.method} ${req.url} HTTP/1.1`];
      for (let i = 0; i < req.rawHeaders.length; i += 2) {
        lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
      }
      to.write(`${lines.join('\r\n')}\r\n\r\n`);
      from.pipe(this.slowly()).pipe(to).pipe(this.slowly()).pipe(from);
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
