// Formats numbers and texts.

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
