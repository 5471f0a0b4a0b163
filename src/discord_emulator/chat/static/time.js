// How moments are written: message times, day lines and <t:...> marks.

const two = (n) => String(n).padStart(2, "0");
const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ day: "numeric", month: "long", year: "numeric" });
const FULL = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });

const sameDay = (a, b) => a.toDateString() === b.toDateString();

export const clock = (date) => CLOCK.format(date);
export const day = (date) => DAY.format(date);
export const full = (date) => FULL.format(date);

export function messageTime(date) {
  const now = new Date();
  if (sameDay(date, now)) return `Today at ${clock(date)}`;
  if (sameDay(date, new Date(now.getTime() - 86400000))) return `Yesterday at ${clock(date)}`;
  return `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()} ${clock(date)}`;
}

const STYLES = {
  t: format({ hour: "2-digit", minute: "2-digit" }),
  T: format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  d: format({ day: "2-digit", month: "2-digit", year: "numeric" }),
  D: DAY,
  f: format({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  F: FULL,
};
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function mark(seconds, style) {
  if (style !== "R") return (STYLES[style] || STYLES.f).format(new Date(seconds * 1000));
  const delta = seconds - Math.floor(Date.now() / 1000);
  const [unit, size] = UNITS.find(([, s]) => Math.abs(delta) >= s) || UNITS[5];
  return RELATIVE.format(Math.trunc(delta / size), unit);
}

// Relative marks grow old while one looks at them.
setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = mark(Number(node.dataset.relative), "R");
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);
