// The loaded stretch of one channel's messages: ordered by id, bounded, with local notes such as "thinking" at its end.

import { compareIds } from "./ids.js";

export const KEEP = 200; // shown while following the present
const KEEP_SCROLLED = 500; // shown while reading back

export class History {
  constructor() {
    this.list = [];
    this.byId = new Map();
    this.pending = [];
    this.early = []; // arrived while the first page was on its way
    this.loaded = false;
    this.loading = false;
    this.atStart = false;
    this.detached = false; // the newest messages are not loaded
    this.following = true;
  }

  reset(messages, atStart) {
    const local = this.list.filter((m) => m.flags & 64); // only we can see these: the server does not list them
    this.list = [];
    this.byId.clear();
    for (const message of messages) this.add(message);
    for (const message of [...local, ...this.early]) this.add(message);
    this.early = [];
    Object.assign(this, { loaded: true, loading: false, atStart, detached: false });
  }

  add(message) {
    if (this.byId.has(message.id)) { this.update(message); return; }
    message._rev = 0;
    this.byId.set(message.id, message);
    let at = this.list.length;
    while (at > 0 && compareIds(this.list[at - 1].id, message.id) > 0) at -= 1;
    if (at === this.list.length) this.list.push(message);
    else this.list.splice(at, 0, message);
  }

  live(message) {
    if (!this.loaded && this.loading && this.early.length < KEEP) this.early.push(message);
    if (!this.loaded || this.detached) return;
    this.add(message);
    if (this.following) this.trimOldest();
    else if (this.list.length > KEEP_SCROLLED) {
      this.detached = true;
      for (const gone of this.list.splice(KEEP_SCROLLED)) this.byId.delete(gone.id);
    }
  }

  trimOldest() {
    const extra = this.list.length - KEEP;
    if (extra <= 0) return;
    this.atStart = false;
    for (const gone of this.list.splice(0, extra)) this.byId.delete(gone.id);
  }

  older(messages, atStart) {
    for (const message of messages) {
      if (this.byId.has(message.id)) continue;
      message._rev = 0;
      this.byId.set(message.id, message);
    }
    this.list = [...messages.filter((m) => this.byId.get(m.id) === m), ...this.list];
    this.atStart = atStart;
    this.loading = false;
    if (this.list.length > KEEP_SCROLLED) {
      this.detached = true;
      for (const gone of this.list.splice(KEEP_SCROLLED)) this.byId.delete(gone.id);
    }
  }

  update(patch) {
    const message = this.byId.get(patch.id);
    if (!message) return null;
    const reactions = patch.reactions === undefined ? message.reactions : patch.reactions;
    Object.assign(message, patch, { reactions });
    message._rev += 1;
    return message;
  }

  touch(id) {
    const message = this.byId.get(id);
    if (message) message._rev += 1;
    return message;
  }

  remove(id) {
    if (!this.byId.delete(id)) return;
    this.list.splice(this.list.findIndex((m) => m.id === id), 1);
  }
}
