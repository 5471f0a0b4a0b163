// Message components: rows of buttons and selects, and the newer layout parts (sections, containers, galleries).

import { h, icon } from "./dom.js";
import { attachment, picture } from "./embeds.js";
import { markdown } from "./markdown.js";
import { selectMenu } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

export function components(message, app, context) {
  const built = (message.components || []).map((c) => build(c, message, app, context)).filter(Boolean);
  return built.length ? h("div", { class: "components" }, built) : null;
}

function build(component, message, app, context) {
  const each = (list) => (list || []).map((c) => build(c, message, app, context));
  switch (component.type) {
    case 1: return h("div", { class: "action-row" }, each(component.components));
    case 2: return button(component, message, app);
    case 3: case 5: case 6: case 7: case 8:
      return selectMenu(component, context, {
        disabled: app.store.busy.has(message.id), choose: (values) => app.interactions.component(message, component, values),
      }).node;
    case 9: return h("div", { class: "part-section" }, h("div", { class: "part-texts" }, each(component.components)),
      component.accessory ? build(component.accessory, message, app, context) : null);
    case 10: return h("div", { class: "part-text" }, markdown(component.content, context));
    case 11: return picture({ ...component.media, description: component.description }, "embed-thumbnail");
    case 12: return h("div", { class: "part-gallery" }, (component.items || []).map((i) => picture({ ...i.media, description: i.description }, "gallery-image")));
    case 13: return attachment({ filename: component.name || "file", url: (component.file || {}).url, size: component.size });
    case 14: return h("hr", { class: `part-separator${component.divider === false ? " bare" : ""}${component.spacing === 2 ? " wide" : ""}` });
    case 17: {
      const colour = component.accent_color ? `#${component.accent_color.toString(16).padStart(6, "0")}` : null;
      return h("div", { class: `part-container${colour ? " accent" : ""}`, style: colour ? { "border-left-color": colour } : {} }, each(component.components));
    }
    default: return null;
  }
}

function button(component, message, app) {
  const { store } = app;
  const label = [
    component.emoji ? h("span", { class: "emoji" }, component.emoji.id ? `:${component.emoji.name}:` : component.emoji.name) : null,
    component.label ? h("span", {}, component.label) : null,
  ];
  const cls = `button button-${STYLES[component.style] || "secondary"}`;
  if (component.style === 5) {
    const href = /^(https?|discord):\/\//.test(component.url || "") ? component.url : null;
    if (href && !component.disabled) {
      return h("a", { class: cls, testid: "button", href, target: "_blank", rel: "noopener noreferrer nofollow" }, label, icon("external", 16));
    }
  }
  const waiting = store.busy.get(message.id) === component.custom_id;
  return h("button", {
    type: "button", class: cls + (waiting ? " waiting" : ""), testid: "button", data: { customId: component.custom_id || "" },
    disabled: component.disabled || component.style >= 5 || store.busy.has(message.id), "aria-busy": waiting ? "true" : null,
    onclick: () => app.interactions.component(message, component),
  }, label);
}
