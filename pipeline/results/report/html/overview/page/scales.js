// Scales of the overlay: where its lines have ticks, and what these are called.

const DAY = 86400;
const PERCENT = numberFormat({ maximumFractionDigits: 2, signDisplay: "exceptZero" });
const STEPS = [60, 300, 900, 3600, 14400, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 91 * DAY];
const YEAR = 365.25 * DAY;

// Returns about so many round numbers between two numbers.
function roundNumbers(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step);
  return found;
}

function percentText(growth) {
  return `${PERCENT.format(100 * (growth - 1))} %`;
}

// Returns the date of a moment in seconds, with the hour where a drawing is of a few days only.
function dateText(seconds, span) {
  const text = new Date(1000 * seconds).toISOString();
  return span < 3 * DAY ? text.slice(5, 16).replace("T", " ") : text.slice(0, 10);
}

function daysText(seconds, span) {
  if (span < 3 * DAY) return `${PLAIN.format(Math.round(seconds / 360) / 10)} h`;
  return `day ${WHOLE.format(Math.round(seconds / DAY))}`;
}

// Returns moments at which a drawing has ticks, at most so many.
function moments(low, high, most) {
  const least = (high - low) / most;
  const step = STEPS.find((one) => one >= least) ?? YEAR * Math.ceil(least / YEAR);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}
