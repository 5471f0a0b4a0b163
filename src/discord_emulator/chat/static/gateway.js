// The gateway connection of the chosen user: identify, heartbeat, resume after a drop, back-off between tries.

const FATAL = new Map([
  [4004, "The server refused this user's token."],
  [4010, "The server refused the shard."],
  [4011, "The server wants more shards than this page opens."],
  [4012, "The server does not speak gateway version 10."],
  [4013, "The server refused the intents."],
  [4014, "The server refused the intents."],
]);

export class Gateway {
  constructor({ token, onEvent, onState }) {
    this.token = token;
    this.onEvent = onEvent;
    this.onState = onState;
    this.session = null;
    this.seq = null;
    this.tries = 0;
    this.closed = false;
    this.socket = null;
    this.timers = new Set();
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/gateway/?v=10&encoding=json`);
    this.socket = socket;
    this.acked = true;
    socket.onmessage = (event) => { if (socket === this.socket) this.receive(JSON.parse(event.data)); };
    socket.onclose = (event) => { if (socket === this.socket) this.dropped(event.code); };
  }

  send(op, d) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ op, d }));
  }

  receive({ op, d, s, t }) {
    if (s) this.seq = s;
    if (op === 0) {
      if (t === "READY") { this.session = d.session_id; this.tries = 0; this.onState("ready"); }
      if (t === "RESUMED") { this.tries = 0; this.onState("ready"); }
      this.onEvent(t, d);
    } else if (op === 1) this.beat();
    else if (op === 7) this.socket.close(4000);
    else if (op === 9) {
      if (!d) { this.session = null; this.seq = null; }
      this.later(() => this.greet(), 300 + Math.random() * 700);
    } else if (op === 10) {
      this.startHeart(d.heartbeat_interval);
      this.greet();
    } else if (op === 11) this.acked = true;
  }

  greet() {
    if (this.session) {
      this.send(6, { token: this.token, session_id: this.session, seq: this.seq });
    } else {
      this.send(2, {
        token: this.token,
        properties: { os: "browser", browser: "Local Discord chat page", device: "" },
        compress: false,
        large_threshold: 250,
      });
    }
  }

  startHeart(interval) {
    this.later(() => {
      this.beat();
      const id = setInterval(() => {
        if (!this.acked) { this.socket.close(4000); return; } // a zombie: nobody answered the last beat
        this.beat();
      }, interval);
      this.timers.add(id);
    }, interval * Math.random());
  }

  beat() {
    this.acked = false;
    this.send(1, this.seq);
  }

  dropped(code) {
    this.clearTimers();
    if (this.closed) return;
    if (FATAL.has(code)) { this.closed = true; this.onState("failed", FATAL.get(code)); return; }
    if ([4003, 4007, 4009].includes(code)) { this.session = null; this.seq = null; }
    this.onState("connecting");
    const wait = this.tries === 0 ? 50 : Math.min(10000, 400 * 2 ** this.tries) * (0.5 + Math.random() / 2);
    this.tries += 1;
    this.later(() => this.connect(), wait);
  }

  requestMembers(d) { this.send(8, d); }

  later(run, ms) {
    const id = setTimeout(() => { this.timers.delete(id); if (!this.closed) run(); }, ms);
    this.timers.add(id);
  }

  clearTimers() {
    for (const id of this.timers) { clearTimeout(id); clearInterval(id); }
    this.timers.clear();
  }

  close() {
    this.closed = true;
    this.clearTimers();
    if (this.socket) this.socket.close(1000);
  }
}
