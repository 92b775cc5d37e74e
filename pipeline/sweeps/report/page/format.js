// Formats numbers and texts.

const UNKNOWN = "–";
const LONGEST_LABEL = 28;

// A format with a true minus sign, which Plotly also writes, and without one before a zero.
function numberFormat(options) {
  const made = new Intl.NumberFormat("en-US", options);
  return { format: (value) => made.format(value).replace(/^-(?=[0.]*$)/, "").replace("-", "−") };
}

const WHOLE = numberFormat({ maximumFractionDigits: 0 });
const CENTS = numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
// Digits are grouped from 10,000 on, because a parameter of 2019 may be a year.
const PLAIN = numberFormat({ maximumSignificantDigits: 6, useGrouping: "min2" });
const SHORT = numberFormat({ maximumSignificantDigits: 3, useGrouping: "min2" });

// How a kind of figure is written along an axis: its factor, and its unit. How many digits tell ticks
// apart follows from the step between them, which Plotly knows.
const SCALES = {
  percent: { factor: 100, ticksuffix: " %" },
  ratio: { factor: 1, ticksuffix: "" },
  count: { factor: 1, ticksuffix: "" },
  money: { factor: 1, ticksuffix: "" },
  number: { factor: 1, ticksuffix: "" },
};

function formatNumber(value, kind) {
  if (value === null || value === undefined) return UNKNOWN;
  if (kind === "percent") return `${CENTS.format(100 * value)} %`;
  if (kind === "ratio") return CENTS.format(value);
  if (kind === "count") return WHOLE.format(value);
  if (kind === "money") return (Math.abs(value) < 1000 ? CENTS : WHOLE).format(value);
  return PLAIN.format(value);
}

function formatCount(count, noun) {
  return `${WHOLE.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function shorten(text, longest = LONGEST_LABEL) {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

// Plotly interprets tags and entities in any text that it draws.
function plotText(text) {
  return text
    .replace(/\s+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

// Plotly tells categories apart by their labels, so labels that became equal are made different.
function distinct(labels) {
  const seen = new Map();
  return labels.map((label) => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before === 0 ? label : `${label} (${before + 1})`;
  });
}

function quantile(sorted, share) {
  if (sorted.length === 0) return null;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

function sortedNumbers(values) {
  return Float64Array.from(values.filter((value) => value !== null)).sort();
}

function hasValues(figure) {
  return figure.values.some((value) => value !== null);
}
