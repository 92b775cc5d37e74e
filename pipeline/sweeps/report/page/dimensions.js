// A dimension is a parameter with more than one value. Its values become levels, which are the rows
// or columns of a heatmap.

const SPREAD_FOR_LOG = 20;
const MOST_LEVELS = 250;
const FEWEST_HOLES = 0.1;
const FEWEST_DRAWN = 12;
const MOST_UNEVEN = 4;

function dimensionText(dimension, lane) {
  const value = dimension.values[lane];
  if (value === null) return UNKNOWN;
  return dimension.kind === "text" ? dimension.levels[value] : PLAIN.format(value);
}

function distinctNumbers(dimension) {
  dimension.distinct ??= Float64Array.from(
    new Set(dimension.values.filter((value) => value !== null)),
  ).sort();
  return dimension.distinct;
}

// Tells whether most values are small, as they are if they were chosen by their logarithm.
function isLogarithmic(dimension) {
  const values = distinctNumbers(dimension);
  const [first, last] = [values[0], values[values.length - 1]];
  return first > 0 && last / first >= SPREAD_FOR_LOG && quantile(values, 0.5) < (first + last) / 4;
}

// Returns the level of each lane (-1: it lacks the parameter) and the labels of the levels in order.
// Each number is a level of its own; if there are more than `bins` numbers, the levels are ranges.
function levelsOf(dimension, bins) {
  if (dimension.kind === "text") {
    const labels = distinct(dimension.levels.map((level) => shorten(level)));
    return { codes: dimension.values.map((value) => value ?? -1), labels };
  }
  const values = distinctNumbers(dimension);
  if (values.length <= bins) {
    const index = new Map(Array.from(values, (value, number) => [value, number]));
    const codes = dimension.values.map((value) => (value === null ? -1 : index.get(value)));
    return { codes, labels: distinct(Array.from(values, (value) => PLAIN.format(value))) };
  }
  return binned(dimension, values, bins);
}

function binned(dimension, values, bins) {
  const first = values[0];
  const last = values[values.length - 1];
  const logarithmic = isLogarithmic(dimension);
  if (!logarithmic && values.every(Number.isInteger)) {
    const width = Math.ceil((last - first + 1) / bins);
    const count = Math.ceil((last - first + 1) / width);
    const labels = Array.from({ length: count }, (_, bin) => {
      const from = first + bin * width;
      const to = Math.min(from + width - 1, last);
      return from === to ? PLAIN.format(from) : `${PLAIN.format(from)} to ${PLAIN.format(to)}`;
    });
    const place = (value) => Math.floor((value - first) / width);
    const codes = dimension.values.map((value) => (value === null ? -1 : place(value)));
    return { codes, labels, ranges: true };
  }
  const [scale, back] = logarithmic ? [Math.log, Math.exp] : [Number, Number];
  const [low, high] = [scale(first), scale(last)];
  const edge = (bin) => SHORT.format(back(low + ((high - low) * bin) / bins));
  const labels = Array.from({ length: bins }, (_, bin) => `${edge(bin)} to ${edge(bin + 1)}`);
  const place = (value) =>
    Math.min(bins - 1, Math.floor(((scale(value) - low) / (high - low)) * bins));
  const codes = dimension.values.map((value) => (value === null ? -1 : place(value)));
  return { codes, labels: distinct(labels), ranges: true };
}

// Returns the share of empty cells among the cells of a row that lie between two filled ones.
function holes(x, y) {
  const rows = y.labels.map(() => ({ first: Infinity, last: -Infinity, filled: new Set() }));
  x.codes.forEach((column, lane) => {
    if (column < 0 || y.codes[lane] < 0) return;
    const row = rows[y.codes[lane]];
    row.first = Math.min(row.first, column);
    row.last = Math.max(row.last, column);
    row.filled.add(column);
  });
  let [between, filled] = [0, 0];
  for (const row of rows.filter((one) => one.filled.size > 0)) {
    between += row.last - row.first + 1;
    filled += row.filled.size;
  }
  return between === 0 ? 0 : 1 - filled / between;
}

// Tells whether the steps from each value to the next one are about equal.
function isEven(values) {
  const steps = Array.from(values.slice(1), (value, i) => value - values[i]);
  return Math.max(...steps) <= MOST_UNEVEN * Math.min(...steps);
}

// Tells whether a dimension's values were drawn from a range, so that hardly two sets share one. In
// rows of their own they fill no cells between each other, so `holes` does not see them. Values of a
// grid are evenly spaced, by themselves or by their logarithm, or each of several sets has them.
function isDrawn(dimension) {
  if (dimension.kind === "text") return false;
  const values = distinctNumbers(dimension);
  const lanes = dimension.values.filter((value) => value !== null).length;
  if (values.length <= FEWEST_DRAWN || 2 * values.length <= lanes) return false;
  return !isEven(values) && !(values[0] > 0 && isEven(values.map(Math.log)));
}

function oneRow(codes) {
  return { codes: codes.map(() => 0), labels: [""] };
}

// Returns the levels of both dimensions (or of one, in one row), and whether they are ranges. The
// sets of a grid fill its cells, also where a constraint cuts off a corner. Sets chosen at random
// from many values leave most cells empty; they are put into as many ranges as they can fill.
function levelsOfPair(across, up) {
  const levels = (bins) => {
    const x = levelsOf(across, bins);
    return { x, y: up ? levelsOf(up, bins) : oneRow(x.codes) };
  };
  const full = levels(MOST_LEVELS);
  const drawn = isDrawn(across) || (up !== null && isDrawn(up));
  if (!drawn && holes(full.x, full.y) <= FEWEST_HOLES) return full;
  const both = full.x.codes.filter((code, lane) => code >= 0 && full.y.codes[lane] >= 0).length;
  const fit = up ? Math.sqrt(both / 6) : both / 10;
  return levels(Math.max(6, Math.min(40, Math.round(fit))));
}

// Returns the share of the variance of `values` that the levels of `dimension` explain, corrected
// for their number (epsilon squared; T. L. Kelley, 1935) and for the lanes that lack it.
function effect(dimension, values) {
  const { codes, labels } = levelsOf(dimension, 20);
  const counts = new Float64Array(labels.length);
  const sums = new Float64Array(labels.length);
  let [count, sum, squares] = [0, 0, 0];
  codes.forEach((code, lane) => {
    const value = values[lane];
    if (code < 0 || value === null) return;
    counts[code] += 1;
    sums[code] += value;
    count += 1;
    sum += value;
    squares += value * value;
  });
  const groups = counts.filter((n) => n > 0).length;
  const total = squares - (sum * sum) / count;
  if (groups < 2 || count <= groups || !(total > 0)) return 0;
  const between = sums.reduce((s, one, i) => s + (counts[i] ? (one * one) / counts[i] : 0), 0);
  const share = (between - (sum * sum) / count) / total;
  const corrected = 1 - ((1 - share) * (count - 1)) / (count - groups);
  return (corrected * count) / codes.length;
}

// Returns the two dimensions on which `values` depend most, of those that all lanes have.
function telling(dimensions, values) {
  const shares = dimensions.map((one) => effect(one, values));
  const order = dimensions.map((_, i) => i).sort((a, b) => shares[b] - shares[a] || a - b);
  const [first, ...others] = order;
  const together = others.find((other) =>
    dimensions[first].values.some(
      (v, lane) => v !== null && dimensions[other].values[lane] !== null,
    ),
  );
  // In the order of the list, so that a small change of the values does not swap the axes.
  return [first, together ?? null].sort((a, b) => (a ?? Infinity) - (b ?? Infinity));
}
