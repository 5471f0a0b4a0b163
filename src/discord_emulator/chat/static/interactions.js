// Slash commands, components and modals from the user's side: what was asked, what waits, what came back.

import { nonce } from "./ids.js";
import { toast } from "./dom.js";

const FORGET_AFTER = 16 * 60 * 1000; // an interaction's token lives a quarter of an hour

export class Interactions {
  constructor(store, rest, openModal) {
    this.store = store;
    this.rest = rest;
    this.openModal = openModal;
    this.choices = new Map();
    store.settle = (message) => this.settle(message);
    store.interactions = this;
  }

  base(type, applicationId, channel, key) {
    return {
      type, application_id: applicationId, guild_id: channel.guild_id || undefined, channel_id: channel.id,
      session_id: this.store.sessionId, nonce: key,
    };
  }

  async command(command, options, channel, files) {
    const key = nonce();
    const note = { key, kind: "command", command, channelId: channel.id, state: "waiting" };
    this.store.pending.set(key, note);
    this.store.historyOf(channel.id).pending.push(note);
    this.store.changed("messages");
    await this.post({ ...this.base(2, command.application_id, channel, key), data: commandData(command, options) }, note, files);
  }

  async component(message, component, values) {
    const channel = this.store.channels.get(message.channel_id);
    const key = nonce();
    const note = { key, kind: "component", messageId: message.id, channelId: channel.id, state: "waiting" };
    this.store.pending.set(key, note);
    this.store.busy.set(message.id, component.custom_id);
    this.store.failed.delete(message.id);
    this.touch(note);
    const data = { component_type: component.type, custom_id: component.custom_id };
    if (values) data.values = values;
    await this.post({
      ...this.base(3, message.application_id || message.author.id, channel, key),
      message_id: message.id, message_flags: message.flags || 0, data,
    }, note);
  }

  async submitModal(modal, components) {
    const key = nonce();
    const channel = this.store.channels.get(modal.channel_id || this.store.channelId);
    const note = { key, kind: "modal", channelId: channel.id, state: "waiting" };
    this.store.pending.set(key, note);
    const settled = new Promise((resolve) => { note.resolve = resolve; });
    const applicationId = modal.application_id || (modal.application && modal.application.id);
    await this.post({
      ...this.base(5, applicationId, channel, key), data: { id: modal.id, custom_id: modal.custom_id, components },
    }, note);
    return settled;
  }

  // Resolves to the choices, or to null when a later question overtook this one.
  autocomplete(command, options, channel) {
    const key = nonce();
    for (const resolve of this.choices.values()) resolve(null);
    this.choices.clear();
    return new Promise((resolve) => {
      this.choices.set(key, resolve);
      this.rest.interact({ ...this.base(4, command.application_id, channel, key), data: commandData(command, options) })
        .catch(() => { this.choices.delete(key); resolve([]); });
      setTimeout(() => { if (this.choices.delete(key)) resolve([]); }, 3500);
    });
  }

  async post(body, note, files) {
    try {
      await this.rest.interact(body, files);
    } catch (error) {
      toast(error.message);
      this.finish(note, "failed");
    }
  }

  finish(note, state) {
    note.state = state;
    if (state !== "failed" || note.kind !== "command") {
      this.store.pending.delete(note.key);
      this.drop(note);
    } else setTimeout(() => this.dismiss(note), FORGET_AFTER);
    if (note.kind === "component") {
      this.store.busy.delete(note.messageId);
      if (state === "failed") this.store.failed.set(note.messageId, true);
    }
    if (note.resolve) note.resolve(state);
    this.touch(note);
  }

  drop(note) {
    const history = this.store.histories.get(note.channelId);
    if (history) history.pending = history.pending.filter((n) => n !== note);
  }

  dismiss(note) {
    this.store.pending.delete(note.key);
    this.drop(note);
    this.touch(note);
  }

  touch(note) {
    const history = this.store.histories.get(note.channelId);
    if (history && note.messageId) history.touch(note.messageId);
    this.store.changed("messages");
  }

  // A message that answers a waiting command takes the place of its note.
  settle(message) {
    if (!this.store.pending.size) return;
    const id = (message.interaction_metadata || message.interaction || {}).id;
    for (const note of this.store.pending.values()) {
      const answers = (id && note.interactionId === id) || (message.nonce && String(message.nonce) === note.key);
      if (answers && note.state === "waiting") this.finish(note, "done");
    }
  }
}

function commandData(command, options) {
  return {
    version: command.version, id: command.id, name: command.name, type: command.type || 1,
    guild_id: command.guild_id || undefined, options, attachments: [],
  };
}

const noteOf = (store, d) => store.pending.get(String(d.nonce));

export const interactionEvents = {
  INTERACTION_CREATE(store, d) {
    const note = noteOf(store, d);
    if (note) note.interactionId = d.id;
  },
  INTERACTION_SUCCESS(store, d) {
    const note = noteOf(store, d);
    if (note) store.interactions.finish(note, "done");
  },
  INTERACTION_FAILURE(store, d) {
    const note = noteOf(store, d);
    if (note) store.interactions.finish(note, "failed");
  },
  INTERACTION_MODAL_CREATE(store, d) {
    const note = noteOf(store, d);
    if (note) store.interactions.finish(note, "done");
    store.interactions.openModal(d);
  },
  APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE(store, d) {
    const choices = store.interactions.choices;
    const resolve = choices.get(String(d.nonce));
    if (!resolve) return;
    choices.delete(String(d.nonce));
    resolve(d.choices || []);
  },
};
