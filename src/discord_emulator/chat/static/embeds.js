// Embeds and attachments of a message.

import { h, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { messageTime } from "./time.js";

const safeUrl = (url) => (/^https?:\/\//.test(url || "") ? url : null);

function text(value, context, cls, testid) {
  return value ? h("div", { class: cls, testid }, markdown(value, context)) : null;
}

function linked(label, url, cls) {
  const href = safeUrl(url);
  if (!href) return h("span", { class: cls }, label);
  return h("a", { class: cls, href, target: "_blank", rel: "noopener noreferrer nofollow" }, label);
}

export function picture(media, cls) {
  const src = media && (safeUrl(media.proxy_url) || safeUrl(media.url));
  if (!src) return null;
  const img = h("img", { class: cls, src, alt: media.description || "", loading: "lazy", width: media.width, height: media.height });
  return h("a", { href: safeUrl(media.url) || src, target: "_blank", rel: "noopener noreferrer nofollow", class: `${cls}-link` }, img);
}

export function embed(data, context) {
  const colour = data.color ? `#${data.color.toString(16).padStart(6, "0")}` : null;
  const small = data.thumbnail && data.type !== "image" ? picture(data.thumbnail, "embed-thumbnail") : null;
  const time = data.timestamp ? messageTime(new Date(data.timestamp)) : null;
  const footer = data.footer || time ? h("div", { class: "embed-footer" },
    data.footer && safeUrl(data.footer.icon_url) ? h("img", { class: "embed-icon", src: data.footer.icon_url, alt: "" }) : null,
    [data.footer && data.footer.text, time].filter(Boolean).join("  •  ")) : null;
  return h("article", { class: "embed", testid: "embed", style: colour ? { "border-left-color": colour } : {} },
    h("div", { class: "embed-main" },
      data.provider && data.provider.name ? h("div", { class: "embed-provider" }, data.provider.name) : null,
      data.author ? h("div", { class: "embed-author" },
        safeUrl(data.author.icon_url) ? h("img", { class: "embed-icon", src: data.author.icon_url, alt: "" }) : null,
        linked(data.author.name, data.author.url, "embed-author-name")) : null,
      data.title ? h("div", { class: "embed-title" },
        safeUrl(data.url) ? linked(markdown(data.title, { ...context, noLinks: true }), data.url, "") : markdown(data.title, context)) : null,
      text(data.description, context, "embed-description"),
      data.fields && data.fields.length ? h("div", { class: "embed-fields" }, fields(data.fields, context)) : null,
      picture(data.image, "embed-image"),
      footer),
    small);
}

// Inline fields stand up to three in a row; each row shares twelve columns.
function fields(all, context) {
  const out = [];
  for (let i = 0; i < all.length;) {
    let run = 1;
    if (all[i].inline) while (run < 3 && i + run < all.length && all[i + run].inline) run += 1;
    for (let k = 0; k < run; k += 1, i += 1) {
      out.push(h("div", { class: `embed-field span-${12 / run}` },
        h("div", { class: "embed-field-name" }, markdown(all[i].name, context)),
        h("div", { class: "embed-field-value" }, markdown(all[i].value, context))));
    }
  }
  return out;
}

export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1048576) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1048576).toFixed(1)} MB`;
}

export function attachment(data) {
  const isImage = (data.content_type || "").startsWith("image/") || (data.width && data.height);
  if (isImage) {
    const node = picture(data, "attachment-image");
    if (node) return h("div", { class: "attachment", testid: "attachment" }, node);
  }
  return h("div", { class: "attachment attachment-file", testid: "attachment" }, icon("file", 28),
    h("div", {}, linked(data.filename, data.url, "attachment-name"), h("div", { class: "muted small" }, fileSize(data.size || 0))));
}
