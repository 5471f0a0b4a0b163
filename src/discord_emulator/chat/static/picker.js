// The list above the composer: commands, members, choices; driven from the keyboard of whatever field owns it.

import { h } from "./dom.js";

export class Picker {
  constructor(host) {
    this.node = h("div", { class: "picker", role: "listbox", testid: "picker", hidden: true });
    host.prepend(this.node);
    this.items = [];
    this.at = 0;
  }

  get open() { return !this.node.hidden; }

  show(items, { title = "", empty = "", pickFirst = true } = {}) {
    // The same list again (a late answer to an earlier letter) must not move what one has chosen.
    const same = this.open && items.length === this.items.length && items.every((item, i) => item.label === this.items[i].label);
    if (!same || this.at < 0) this.at = pickFirst ? 0 : -1;
    this.items = items;
    if (!items.length && !empty) { this.hide(); return; }
    this.node.setAttribute("aria-label", title);
    this.rows = items.map((item, index) => h("div", {
      class: "picker-item", role: "option", testid: "picker-item", data: { label: item.label },
      // Pressing must not take the focus from the field.
      onpointerdown: (event) => event.preventDefault(), onclick: () => item.pick(), onpointermove: () => this.move(index, false),
    }, item.picture || null,
    h("div", { class: "picker-text" },
      h("div", { class: "picker-label" }, h("span", {}, item.label), item.extra ? h("span", { class: "picker-extra" }, item.extra) : null),
      item.note ? h("div", { class: "muted small" }, item.note) : null),
    item.side ? h("span", { class: "muted small picker-side" }, item.side) : null));
    const out = title ? [h("div", { class: "picker-title" }, title)] : [];
    items.forEach((item, index) => {
      if (item.heading) out.push(h("div", { class: "picker-heading" }, item.heading));
      out.push(this.rows[index]);
    });
    if (!items.length) out.push(h("div", { class: "empty" }, empty));
    this.node.replaceChildren(...out);
    this.node.hidden = false;
    this.move(this.at, true);
  }

  move(index, scroll) {
    this.at = index;
    this.rows.forEach((row, i) => {
      row.classList.toggle("active", i === index);
      row.setAttribute("aria-selected", i === index ? "true" : "false");
    });
    if (scroll && this.rows[index]) this.rows[index].scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.node.hidden = true;
    this.items = [];
  }

  // Takes the keys that belong to an open list; says whether it took this one.
  key(event) {
    if (!this.open) return false;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); this.hide(); return true; }
    if (!this.items.length) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : this.items.length - 1;
      this.move(this.at < 0 ? (event.key === "ArrowDown" ? 0 : this.items.length - 1) : (this.at + step) % this.items.length, true);
      return true;
    }
    if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.at >= 0) {
      event.preventDefault();
      this.items[this.at].pick();
      return true;
    }
    return false;
  }
}
