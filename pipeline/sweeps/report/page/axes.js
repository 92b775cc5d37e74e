// The axes of parallel coordinates: the place of each value, and the numbers beside the axis.

const TICKS_OF_TEXT = 24;
const TICKS_OF_NUMBERS = 12;

function niceTicks(low, high, wanted) {
  const rough = (high - low) / wanted || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough);
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) ticks.push(n * step);
  return ticks;
}

// Returns a format with as many decimals as tell the ticks of `niceTicks` apart.
function tickFormat(ticks) {
  if (ticks.length < 2) return PLAIN;
  const decimals = -Math.floor(Math.log10(ticks[1] - ticks[0]) + 1e-9);
  const most = Math.min(20, Math.max(0, decimals));
  return numberFormat({ maximumFractionDigits: most, useGrouping: "min2" });
}

// Returns the logarithms of 1, 10, 100 and, where these are few, also those of 3, 30, 300.
function logTicks(low, high) {
  const digits = high - low > 3 ? [1] : [1, 3];
  const powers = [];
  for (let power = Math.floor(low); power <= high; power += 1) powers.push(power);
  return powers
    .flatMap((power) => digits.map((digit) => Math.log10(digit) + power))
    .filter((tick) => tick >= low - 1e-9 && tick <= high + 1e-9);
}

// Maps numbers to 0 (the foot of the axis) to 1. A value that a set lacks is at the very foot, and
// all others are above it. `ticks` are [number, text].
function axisOf(source, name, values, ticks, [low, high]) {
  const missing = values.includes(null);
  const foot = missing ? 0.08 : 0;
  const span = high - low;
  const place = (value) => (span > 0 ? foot + ((1 - foot) * (value - low)) / span : (foot + 1) / 2);
  return {
    source,
    name,
    places: Float32Array.from(values, (value) => (value === null ? 0 : place(value))),
    ticks: [
      ...(missing ? [{ place: 0, text: UNKNOWN }] : []),
      ...ticks.map(([value, text]) => ({ place: place(value), text })),
    ],
    place,
    brush: null,
  };
}

function dimensionAxis(dimension) {
  const { name, values } = dimension;
  if (dimension.kind === "text") {
    const levels = dimension.levels.map((level, number) => [number, shorten(level, 14)]);
    const every = Math.ceil(levels.length / TICKS_OF_TEXT);
    const ticks = levels.filter(([number]) => number % every === 0);
    return axisOf(dimension, name, values, ticks, [0, levels.length - 1]);
  }
  const numbers = Array.from(distinctNumbers(dimension));
  const few = numbers.length <= TICKS_OF_NUMBERS;
  if (isLogarithmic(dimension)) {
    const scaled = values.map((value) => (value === null ? null : Math.log10(value)));
    const range = [Math.log10(numbers[0]), Math.log10(numbers[numbers.length - 1])];
    const ticks = few ? numbers.map(Math.log10) : logTicks(...range);
    return axisOf(
      dimension,
      name,
      scaled,
      ticks.map((t) => [t, SHORT.format(10 ** t)]),
      range,
    );
  }
  const range = [numbers[0], numbers[numbers.length - 1]];
  const ticks = few ? numbers : niceTicks(...range, 6);
  const format = few ? PLAIN : tickFormat(ticks);
  return axisOf(
    dimension,
    name,
    values,
    ticks.map((tick) => [tick, format.format(tick)]),
    range,
  );
}

function figureAxis(figure) {
  const sorted = sortedNumbers(figure.values);
  const range = [sorted[0], sorted[sorted.length - 1]];
  const { factor, ticksuffix } = SCALES[figure.kind];
  const ticks = niceTicks(...range, 6);
  const format = tickFormat(ticks.map((tick) => factor * tick));
  const told = ticks.map((tick) => [tick, format.format(factor * tick) + ticksuffix]);
  return axisOf(figure, figure.label, figure.values, told, range);
}
