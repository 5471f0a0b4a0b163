// Dialogs: an application's modal form, and a plain question before something is deleted.

import { h, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { selectMenu } from "./select.js";

function show(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

export function confirm(title, text, action) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = h("dialog", { class: "modal", testid: "confirm", "aria-label": title },
      h("div", { class: "modal-body" }, h("h2", {}, title), h("p", {}, text)),
      h("footer", { class: "modal-footer" },
        h("button", { type: "button", class: "button button-plain", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "button", class: "button button-danger", testid: "confirm-yes", autofocus: true, onclick: () => { answer = true; dialog.close(); } }, action)));
    dialog.addEventListener("close", () => resolve(answer));
    show(dialog);
  });
}

export function openModal(modal, app) {
  const context = { store: app.store, guildId: app.store.guildId };
  const fields = [];
  const body = (modal.components || []).map((component) => part(component, fields, context));
  const error = h("p", { class: "modal-error", role: "alert" });
  const submit = h("button", { type: "submit", class: "button button-primary", testid: "modal-submit" }, "Submit");
  const name = (modal.application && modal.application.name) || "An application";
  const form = h("form", { method: "dialog", novalidate: true, onsubmit: send },
    h("header", { class: "modal-header" }, h("h2", {}, modal.title),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    h("div", { class: "modal-body" },
      h("p", { class: "modal-note" }, `This form will be sent to ${name}. Do not share passwords here.`), body, error),
    h("footer", { class: "modal-footer" },
      h("button", { type: "button", class: "button button-plain", onclick: () => dialog.close() }, "Cancel"), submit));
  const dialog = h("dialog", { class: "modal", testid: "modal", "aria-label": modal.title }, form);

  async function send(event) {
    event.preventDefault();
    let ok = true;
    for (const field of fields) {
      const problem = field.problem();
      field.mark(problem);
      if (problem && ok) { ok = false; field.focus(); }
    }
    if (!ok) return;
    submit.disabled = true;
    error.textContent = "";
    const outcome = await app.interactions.submitModal(modal, (modal.components || []).map(answer(fields)));
    submit.disabled = false;
    if (outcome === "failed") error.textContent = "Something went wrong. The application did not take the form; try again.";
    else dialog.close();
  }

  show(dialog);
}

// The answer has the shape of the form, with values in place of labels.
function answer(fields) {
  const value = (component) => {
    const field = fields.find((f) => f.component === component);
    return field ? { type: component.type, id: component.id, custom_id: component.custom_id, ...field.value() } : { type: component.type, id: component.id };
  };
  return (component) => {
    if (component.type === 1) return { type: 1, id: component.id, components: component.components.map(value) };
    if (component.type === 18) return { type: 18, id: component.id, component: value(component.component) };
    return { type: component.type, id: component.id };
  };
}

function part(component, fields, context) {
  if (component.type === 1) {
    return component.components.map((c) => labelled(c.label || c.placeholder || "", null, c, fields, context));
  }
  if (component.type === 18) return labelled(component.label, component.description, component.component, fields, context);
  if (component.type === 10) return h("div", { class: "part-text" }, markdown(component.content, context));
  return null;
}

function labelled(label, description, component, fields, context) {
  const field = component.type === 4 ? textField(component) : selectField(component, context, label);
  fields.push({ component, ...field });
  return h("label", { class: "field" },
    h("span", { class: "field-label" }, label, component.required === false ? null : h("span", { class: "required" }, " *")),
    description ? h("span", { class: "field-note" }, description) : null, field.node, field.message);
}

function textField(component) {
  const message = h("span", { class: "field-error", role: "alert" });
  const input = h(component.style === 2 ? "textarea" : "input", {
    class: "text-input", testid: "modal-input", data: { customId: component.custom_id }, placeholder: component.placeholder,
    maxlength: component.max_length || 4000, rows: component.style === 2 ? 4 : null, type: component.style === 2 ? null : "text",
    value: component.value || "", oninput: () => { if (message.textContent) mark(problem()); }, "aria-required": component.required === false ? null : "true",
  });
  function mark(text) {
    message.textContent = text || "";
    input.setAttribute("aria-invalid", text ? "true" : "false");
  }
  function problem() {
    const length = [...input.value].length;
    if (component.required !== false && !input.value.trim()) return "This field is required.";
    if (length && component.min_length && length < component.min_length) return `Must be at least ${component.min_length} characters.`;
    return null;
  }
  return { node: input, message, value: () => ({ value: input.value }), focus: () => input.focus(), mark, problem };
}

function selectField(component, context, label) {
  const message = h("span", { class: "field-error", role: "alert" });
  const menu = selectMenu(component, context, { eager: false, label });
  const least = component.required === false ? 0 : component.min_values ?? 1;
  return {
    node: menu.node, message,
    value: () => ({ values: menu.values() }),
    focus: () => menu.node.focus(),
    mark: (text) => { message.textContent = text || ""; },
    problem: () => (menu.values().length < least ? (least === 1 ? "Choose an option." : `Choose at least ${least}.`) : null),
  };
}
